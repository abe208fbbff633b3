/** Reads every setting once: command line over environment over file over default. */

import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { nearestName, NomalyError } from "@nomaly/detect";
import { type Config, type SettingSpec, settingSpecs, variableOf } from "./settings.ts";

export interface ConfigSources {
  /** Values by name of the setting, such as `port`. */
  readonly commandLine?: Readonly<Record<string, string>>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Path of a JSON file with settings by name; without it, the variable NOMALY_CONFIG may name one. */
  readonly file?: string;
}

export interface SettingInUse {
  readonly name: string;
  readonly variable: string;
  /** The value as text; "(set)" for a secret. */
  readonly shown: string;
  readonly source: "command line" | "environment" | "file" | "default";
  readonly summary: string;
}

export interface ReadConfig {
  readonly config: Config;
  readonly settings: readonly SettingInUse[];
  /** Variables that look like settings and are none, each with the setting whose name is nearest. */
  readonly unknownVariables: readonly UnknownVariable[];
}

export interface UnknownVariable {
  readonly variable: string;
  readonly nearest: string | undefined;
}

/** Variables that are no settings of the service: of the command, of programs that use the service, and of the tests. */
const otherVariables = /^NOMALY_(CONFIG|URL|KEY|GOLDEN|USAGE_FILE|PEERS_PYTHON|TEST_.*)$/;

const fileBytesMax = 1_048_576;

/** @throws NomalyError CONFIG naming the setting and where its value came from. */
export function readConfig(sources: ConfigSources): ReadConfig {
  const specs: readonly SettingSpec[] = settingSpecs;
  const path = sources.file ?? sources.environment["NOMALY_CONFIG"];
  const file = path === undefined || path === "" ? {} : readConfigFile(path, specs);
  const config: Record<string, unknown> = {};
  const settings: SettingInUse[] = [];
  for (const spec of specs) {
    const { text, source } = valueOf(spec, sources, file);
    config[camelCase(spec.name)] = text === undefined ? undefined : parseSetting(spec, text, source);
    const shown = text === undefined ? "" : spec.secret === true ? "(set)" : text;
    settings.push({ name: spec.name, variable: variableOf(spec), shown, source, summary: spec.summary });
  }
  config["isSet"] = new Set(settings.filter(({ source }) => source !== "default").map(({ name }) => name));
  return { config: Object.freeze(config) as Config, settings, unknownVariables: unknownVariables(sources.environment) };
}

function unknownVariables(environment: ConfigSources["environment"]): readonly UnknownVariable[] {
  const known = settingSpecs.map((spec) => variableOf(spec));
  return Object.keys(environment)
    .filter((name) => name.startsWith("NOMALY_") && !known.includes(name) && !otherVariables.test(name))
    .sort()
    .map((variable) => ({ variable, nearest: nearestName(variable, known) }));
}

function valueOf(spec: SettingSpec, sources: ConfigSources, file: Readonly<Record<string, string>>) {
  const fromCommandLine = sources.commandLine?.[spec.name];
  if (fromCommandLine !== undefined) return { text: fromCommandLine, source: "command line" } as const;
  const variable = sources.environment[variableOf(spec)];
  // Shells and compose files set a variable to the empty text where they mean "not set".
  if (variable !== undefined && variable !== "") return { text: variable, source: "environment" } as const;
  const inFile = file[spec.name];
  if (inFile !== undefined) return { text: inFile, source: "file" } as const;
  const text = spec.name === "data_dir" ? defaultDataFolder(sources.environment) : spec.default;
  return { text, source: "default" } as const;
}

function defaultDataFolder(environment: ConfigSources["environment"]): string {
  // Started by root, the database runs as another user, who may not read root's home folder.
  if (process.getuid?.() === 0) return "/var/lib/nomaly";
  return join(environment["XDG_DATA_HOME"] ?? join(homedir(), ".local/share"), "nomaly");
}

function readConfigFile(path: string, specs: readonly SettingSpec[]): Readonly<Record<string, string>> {
  let content: unknown;
  try {
    const bytes = readFileSync(path);
    if (bytes.length > fileBytesMax) throw new Error(`it has ${bytes.length} bytes, at most ${fileBytesMax} are read`);
    content = JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    const message = `the settings in ${path} cannot be read: ${(cause as Error).message}`;
    throw new NomalyError("CONFIG", message, { field: path, cause });
  }
  if (typeof content !== "object" || content === null || Array.isArray(content)) {
    throw new NomalyError("CONFIG", `${path} must hold one JSON object of settings by name`, { field: path });
  }
  const known = new Set(specs.map(({ name }) => name));
  const values: Record<string, string> = {};
  for (const [name, value] of Object.entries(content as Record<string, unknown>)) {
    if (!known.has(name)) {
      const message = `${path} has the unknown setting "${name}"; \`nomaly config\` lists all settings`;
      throw new NomalyError("CONFIG", message, { field: name });
    }
    values[name] = textOfJson(value, name, path);
  }
  return values;
}

function textOfJson(value: unknown, name: string, path: string): string {
  if (typeof value === "string" || typeof value === "number") return String(value);
  if (Array.isArray(value) && value.every((item) => typeof item === "string")) return value.join(",");
  throw new NomalyError("CONFIG", `${name} in ${path} must be text, a number or a list of texts`, { field: name });
}

const unitBytes: Readonly<Record<string, number>> = {
  "": 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KIB: 2 ** 10,
  MIB: 2 ** 20,
  GIB: 2 ** 30,
  TIB: 2 ** 40,
};

function parseSetting(spec: SettingSpec, text: string, source: string): unknown {
  switch (spec.kind) {
    case "text":
      return text;
    case "list": {
      const items = text.split(",").map((item) => item.trim());
      return Object.freeze(items.filter((item) => item !== ""));
    }
    case "choice":
      if (spec.choices?.includes(text) === true) return text;
      throw refusal(spec, text, source, `one of ${spec.choices?.join(", ")}`);
    case "url":
      if (URL.canParse(text)) return text;
      throw refusal(spec, text, source, "an address such as postgres://user@host:5432/name");
    case "integer":
      return inRange(spec, /^\d+$/.test(text) ? Number(text) : Number.NaN, text, source);
    case "bytes": {
      const [, digits = "", unit = ""] = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text.trim()) ?? [];
      const bytes = digits === "" ? Number.NaN : Math.floor(Number(digits) * (unitBytes[unit.toUpperCase()] ?? Number.NaN));
      return inRange(spec, bytes, text, source);
    }
  }
}

function inRange(spec: SettingSpec, value: number, text: string, source: string): number {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = spec;
  if (value >= min && value <= max) return value;
  const what = spec.kind === "bytes" ? "a size such as 64MiB" : "a whole number";
  throw refusal(spec, text, source, `${what} from ${min} to ${max}`);
}

function refusal(spec: SettingSpec, text: string, source: string, expected: string): NomalyError {
  const received = spec.secret === true ? "a value that is not shown" : `"${text}"`;
  const name = source === "environment" ? `${spec.name} (${variableOf(spec)})` : spec.name;
  const message = `${name} from the ${source} must be ${expected}, got ${received}`;
  return new NomalyError("CONFIG", message, { field: spec.name, expected, received });
}

function camelCase(name: string): string {
  return name.replaceAll(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
