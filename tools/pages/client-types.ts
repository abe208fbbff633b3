/** Writes the types of the client from the schemas of the HTTP API: plain interfaces that need no schema library to be read. */

import { execFileSync } from "node:child_process";
import { join, resolve } from "node:path";
import * as alerts from "../../packages/platform/src/http/schemas/alerts.ts";
import * as datasets from "../../packages/platform/src/http/schemas/datasets.ts";
import * as detection from "../../packages/platform/src/http/schemas/detection.ts";
import * as detectors from "../../packages/platform/src/http/schemas/detectors.ts";
import { Job } from "../../packages/platform/src/http/schemas/jobs.ts";
import { AuditEntry } from "../../packages/platform/src/http/schemas/audit.ts";
import * as doctor from "../../packages/platform/src/http/schemas/doctor.ts";
import * as performance from "../../packages/platform/src/http/schemas/performance.ts";
import { Result } from "../../packages/platform/src/http/schemas/results.ts";
import * as schedules from "../../packages/platform/src/http/schemas/schedules.ts";
import { Usage } from "../../packages/platform/src/http/schemas/usage.ts";
import { Problem, Rows } from "../../packages/platform/src/http/schemas/shared.ts";

/** The parts of JSON Schema that our schemas use. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly description?: string;
  readonly format?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly patternProperties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: boolean | Schema;
}

/** Schemas of stored things, in the order in which they are written. */
const stored: Readonly<Record<string, object>> = {
  Rows,
  Problem,
  NewDataset: datasets.NewDataset,
  Dataset: datasets.Dataset,
  DatasetRows: datasets.DatasetRows,
  DatasetProfile: datasets.DatasetProfile,
  DetectorOptions: detectors.DetectorOptions,
  NewDetector: detectors.NewDetector,
  DetectorChange: detectors.DetectorChange,
  DetectorStatus: detectors.Detector.properties.status,
  Detector: detectors.Detector,
  ThresholdChange: detectors.ThresholdChange,
  StatusChange: detectors.StatusChange,
  StatusChanged: detectors.StatusChanged,
  ModelVersion: detectors.ModelVersion,
  Result,
  JobName: Job.properties.name,
  JobStatus: Job.properties.status,
  Job,
};

/** Schemas of schedules, of the audit log and of the space that is used. */
const upkeep: Readonly<Record<string, object>> = {
  NewSchedule: schedules.NewSchedule,
  ScheduleChange: schedules.ScheduleChange,
  Schedule: schedules.Schedule,
  AuditEntry,
  Usage,
};

/** Schemas of how the service does, and of what is wrong with it. */
const watched: Readonly<Record<string, object>> = {
  PerformanceSample: performance.PerformanceSample,
  PerformanceMetrics: performance.PerformanceMetrics,
  PerformanceReport: performance.PerformanceReport,
  PerformanceHistory: performance.PerformanceHistory,
  Diagnosis: doctor.Diagnosis,
  SlowQueries: doctor.SlowQueries,
  DatabaseCondition: doctor.DatabaseCondition,
};

/** Schemas of alerts. */
const alerting: Readonly<Record<string, object>> = {
  NewAlertRule: alerts.NewAlertRule,
  AlertRuleChange: alerts.AlertRuleChange,
  AlertSilence: alerts.AlertSilence,
  AlertRule: alerts.AlertRule,
  AlertRuleList: alerts.AlertRuleList,
  Alerts: alerts.Alerts,
  AlertEvent: alerts.AlertEvent,
  AlertTest: alerts.AlertTest,
};

/** Schemas of requests that make a model learn, and of their answers. */
const learning: Readonly<Record<string, object>> = {
  TrainRequest: detection.TrainRequest,
  SkippedColumn: detection.SkippedColumn,
  Trained: detection.Trained,
  UpdateRequest: detection.UpdateRequest,
  Updated: detection.Updated,
  JobAccepted: detection.JobAccepted,
};

/** Schemas of requests to detectors that have learned, and of their answers. */
const asked: Readonly<Record<string, object>> = {
  PredictRequest: detection.PredictRequest,
  Reason: detection.Reason,
  Vote: detection.Vote,
  Prediction: detection.Prediction,
  Predicted: detection.Predicted,
  ExplainRequest: detection.ExplainRequest,
  Explained: detection.Explained,
  EvaluateRequest: detection.EvaluateRequest,
  Evaluated: detection.Evaluated,
  CompareRequest: detection.CompareRequest,
  Compared: detection.Compared,
  BatchRequest: detection.BatchRequest,
  BatchAnswer: detection.BatchAnswer,
};

/** Types that are looser than the schema, since callers rarely have an exact type for rows. */
const written: Readonly<Record<string, string>> = {
  Rows: "readonly (Readonly<Record<string, unknown>> | readonly unknown[])[] | Readonly<Record<string, readonly unknown[]>>",
};

const names = new Map(
  Object.entries({ ...stored, ...upkeep, ...watched, ...alerting, ...learning, ...asked }).map(([name, schema]) => [
    textOf(schema as Schema),
    name,
  ]),
);

/** Writes packages/platform/src/client/stored-types.ts. */
export function storedTypes(): string {
  return fileOf("Types of what the service stores", stored);
}

/** Writes packages/platform/src/client/upkeep-types.ts. */
export function upkeepTypes(): string {
  return fileOf("Types of schedules, of the audit log and of the space that is used", upkeep);
}

/** Writes packages/platform/src/client/performance-types.ts. */
export function performanceTypes(): string {
  return fileOf("Types of how the service does, and of what is wrong with it", watched);
}

/** Writes packages/platform/src/client/alerting/alert-types.ts. */
export function alertTypes(): string {
  return fileOf("Types of alerts", alerting);
}

/** Writes packages/platform/src/client/learning-types.ts. */
export function learningTypes(): string {
  return fileOf("Types of requests that make a model learn, and of their answers", learning);
}

/** Writes packages/platform/src/client/detection-types.ts. */
export function detectionTypes(): string {
  return fileOf("Types of requests to detectors that have learned, and of their answers", asked);
}

function fileOf(summary: string, schemas: Readonly<Record<string, object>>): string {
  const text = Object.entries(schemas).map(([name, schema]) => declarationOf(name, schema as Schema));
  const code = text.join("\n").replaceAll(/\/\*\*.*?\*\//gs, "");
  const taken = Object.keys(stored).filter((name) => !(name in schemas) && new RegExp(`\\b${name}\\b`).test(code));
  const imports = taken.length === 0 ? "" : `import type { ${taken.join(", ")} } from "./stored-types.ts";\n`;
  const notice = `/** ${summary}, made from the schemas of the API. Generated by \`npm run docs\`; do not edit. */\n`;
  return formatted([notice, imports, ...text].join("\n"));
}

/** Without the layout that the formatter gives. */
export function declarationOf(name: string, schema: Schema): string {
  const isInterface = schema.properties !== undefined;
  return `${commentOf(name, schema)}export ${isInterface ? `interface ${name}` : `type ${name} =`} ${written[name] ?? bodyOf(schema)}\n`;
}

function typeOf(schema: Schema): string {
  return schema.$ref ?? names.get(textOf(schema)) ?? bodyOf(schema);
}

function bodyOf(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum !== undefined) return schema.enum.map((word) => JSON.stringify(word)).join(" | ");
  if (schema.anyOf !== undefined) return schema.anyOf.map((member) => typeOf(member)).join(" | ");
  switch (schema.type) {
    case "string":
    case "boolean":
    case "null":
      return schema.type;
    case "number":
    case "integer":
      return "number";
    case "array":
      return `readonly (${typeOf(schema.items ?? {})})[]`;
    case "object":
      return objectType(schema);
    case undefined:
    default:
      return "unknown";
  }
}

function objectType({ properties, required = [], patternProperties, additionalProperties }: Schema): string {
  if (properties === undefined) {
    const member =
      Object.values(patternProperties ?? {})[0] ?? (typeof additionalProperties === "object" ? additionalProperties : {});
    return `Readonly<Record<string, ${typeOf(member)}>>`;
  }
  const members = Object.entries(properties).map(
    ([name, member]) =>
      `${commentOf(name, member)}readonly ${name}${required.includes(name) ? "" : "?"}: ${typeOf(member)}${required.includes(name) ? "" : " | undefined"};`,
  );
  // TypeScript requires that the type of an index signature includes the types of all named members.
  if (typeof additionalProperties === "object") {
    const kinds = new Set([additionalProperties, ...Object.values(properties)].map((member) => typeOf(member)));
    if (Object.keys(properties).some((name) => !required.includes(name))) kinds.add("undefined");
    members.push(`readonly [name: string]: ${[...kinds].join(" | ")};`);
  }
  return `{\n${members.join("\n")}\n}`;
}

/** What editors show of a type or member. @throws Error for a schema without a description: every name has such a text. */
function commentOf(name: string, schema: Schema): string {
  const { description, default: usual, anyOf = [] } = schema;
  if (description === undefined) throw new Error(`"${name}" has no description: ${JSON.stringify(schema)}`);
  const isTime = [schema, ...anyOf].some(({ format }) => format === "date-time");
  const time = isTime ? "as in 2026-11-25T08:30:00.000Z" : undefined;
  const parts = [description, limitsOf(schema), time, usual === undefined ? undefined : `${JSON.stringify(usual)} by default`];
  const text = parts.filter((part) => part !== undefined).join("; ");
  if (text.includes("*/")) throw new Error(`a comment cannot hold: ${text}`);
  return `/** ${/^[a-z]+\b(?!_)/.test(text) ? text[0].toUpperCase() : text[0]}${text.slice(1)}. */\n`;
}

/** `1 to 1000`, `1 to 200 characters`, `above 0, at most 0.5`. */
function limitsOf(schema: Schema): string | undefined {
  const { minimum, exclusiveMinimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  if (exclusiveMinimum !== undefined) return [`above ${exclusiveMinimum}`, rangeOf(undefined, maximum)].join(", ");
  return rangeOf(minimum, maximum) ?? rangeOf(minLength, maxLength, " characters") ?? rangeOf(minItems, maxItems, " items");
}

function rangeOf(least: number | undefined, most: number | undefined, unit = ""): string | undefined {
  if (least !== undefined && most !== undefined) return `${least} to ${most}${unit}`;
  if (most !== undefined) return `at most ${most}${unit}`;
  return least === undefined ? undefined : `at least ${least}${least === 1 ? unit.slice(0, -1) : unit}`;
}

/** The text of a schema without its description, by which a named type is recognised where it is used. */
function textOf({ description: _description, ...schema }: Schema): string {
  return schema.type === "string" && schema.enum === undefined ? "" : JSON.stringify(schema);
}

function formatted(text: string): string {
  const root = resolve(import.meta.dirname, "../..");
  const program = join(root, "node_modules/oxfmt/bin/oxfmt");
  return execFileSync(process.execPath, [program, "--stdin-filepath", "api-types.ts"], {
    cwd: root,
    input: text,
    encoding: "utf8",
  });
}
