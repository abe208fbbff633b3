/** The files that a run writes: checked before the work begins, completed after it. */

import type { AnomalyModel } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import { pickRows } from "../../files/read/batches.ts";
import { openDestination, writeWhole } from "../../files/write/destination.ts";
import type { FormatAndCompression } from "../../files/read/format.ts";
import { formatOfName, parseFormat } from "../../files/read/format.ts";
import type { Source } from "../../files/read/source.ts";
import { scoreColumnNames, scoreColumns } from "../../files/write/score-columns.ts";
import { type ScoredTarget, writeScored } from "../../files/write/write-scored.ts";
import { noSingleReason, reasonsText, tellingReasons } from "../../report/wording.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { note } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import type { Findings } from "./findings.ts";
import type { PathUse } from "./output-paths.ts";
import { isStandardOutput, refuseSameFile, refuseSharedStdout } from "./output-paths.ts";

const reasonCount = 3;
const gzippable = ["csv", "tsv", "json", "ndjson"];

export interface Outputs {
  /** True when rows go to standard output, so that nothing else may. */
  readonly takesStdout: boolean;
  readonly wantsReasons: boolean;
  writeRows(source: Source, model: AnomalyModel, findings: Findings): Promise<void>;
  writeReport(html: () => Promise<string>): Promise<void>;
  /** Names of what was written, for the JSON document. */
  readonly written: Readonly<Record<string, string>>;
}

/** @throws NomalyError FILE_WRITE, UsageError: now, not after the work. */
export function openOutputs(given: Arguments, context: CliContext): Outputs {
  const output = given.text("output");
  const report = given.text("report");
  const uses: PathUse[] = [
    ["-o", output],
    ["--report", report],
  ];
  refuseSharedStdout([...uses, ["--json", given.has("json") ? "-" : undefined]]);
  // The scored rows may take the place of the file that they came from, nothing else may.
  refuseSameFile([...uses, ["-m", given.text("model")]]);
  refuseSameFile([
    ["the input", given.operands[0]],
    ["--report", report],
  ]);
  if (given.has("explain") && output === undefined)
    throw new UsageError("--explain adds a column to the output: it needs -o OUT");
  const format = output === undefined ? undefined : outputFormat(given, output);
  const isSpreadsheetSafe = given.has("spreadsheet-safe");
  if (isSpreadsheetSafe && format?.format !== "csv" && format?.format !== "tsv")
    throw new UsageError("--spreadsheet-safe is about the texts of a CSV or TSV output: it needs -o OUT.csv");
  const rows = output === undefined ? undefined : openDestination(output, context.temporary, context.stdout);
  const page = report === undefined ? undefined : openDestination(report, context.temporary, context.stdout);

  return {
    takesStdout: uses.some(([, path]) => path !== undefined && isStandardOutput(path)),
    wantsReasons: given.has("explain"),
    async writeRows(source, model, findings) {
      if (rows === undefined || format === undefined) return;
      noteColumns(source, given.has("explain"), context);
      const reasons = given.has("explain") ? await reasonsOfAnomalies(source, model, findings) : undefined;
      await writeRowsTo({ destination: rows, format, isSpreadsheetSafe }, source, model, findings, {
        reasons,
        signal: context.signal,
      });
    },
    async writeReport(html) {
      if (page !== undefined) await writeWhole(page, await html());
    },
    written: { ...(output === undefined ? {} : { output }), ...(report === undefined ? {} : { report }) },
  };
}

function noteColumns(source: Source, withReasons: boolean, context: CliContext): void {
  const names = source.columns.map(({ name }) => name);
  const { added, replaced } = scoreColumns(names, withReasons);
  if (replaced.length > 0) note(context, `the columns ${replaced.join(", ")} of ${source.name} are replaced in the output`);
  if (added[0] === scoreColumnNames[0]) return;
  note(context, `${source.name} has such columns of its own: scores are written as ${added.join(", ")}`);
}

function outputFormat(given: Arguments, output: string): FormatAndCompression {
  const named = given.text("output-format");
  const { format, gzip } = formatOfName(output);
  const chosen =
    named === undefined ? (format ?? (output === "-" || output.startsWith("/dev/") ? "csv" : undefined)) : parseFormat(named);
  if (chosen === undefined) {
    const message = `the name ${output} does not tell a format; end it in .csv, .parquet, .json, .ndjson or .arrow, or add --output-format`;
    throw new NomalyError("USAGE", message, { field: "output-format", received: output });
  }
  if (gzip && !gzippable.includes(chosen)) {
    throw new NomalyError("USAGE", `${output}: ${chosen} compresses by itself; leave out the .gz`, {
      field: "output",
      received: output,
    });
  }
  return { format: chosen, gzip };
}

async function writeRowsTo(
  target: ScoredTarget,
  source: Source,
  model: AnomalyModel,
  findings: Findings,
  { reasons, signal }: { readonly reasons: ReadonlyMap<number, string> | undefined; readonly signal: AbortSignal },
): Promise<void> {
  const { scores } = findings;
  const ranksOf = (values: Float64Array) => model.judge(values).ranks;
  const scored = {
    rowCount: scores.rowCount,
    scoreAt: (row: number) => scores.at(row),
    threshold: model.threshold,
    ranksOf,
    ...(reasons === undefined ? {} : { reasons }),
  };
  await writeScored(source, scored, target, signal);
}

/** One more pass over the file: memory holds the texts of anomalies only. */
async function reasonsOfAnomalies(source: Source, model: AnomalyModel, findings: Findings): Promise<Map<number, string>> {
  const texts = new Map<number, string>();
  for await (const batch of source.batches(model.columns.map(({ name }) => name))) {
    const flagged: number[] = [];
    for (let row = 0; row < batch.rowCount; row++)
      if (findings.scores.at(batch.firstRow + row) > model.threshold) flagged.push(row);
    if (flagged.length === 0) continue;
    for (const [index, { reasons }] of model.explain(pickRows(batch, flagged)).rows.entries()) {
      texts.set(batch.firstRow + flagged[index], reasonsText(tellingReasons(reasons, reasonCount)) || noSingleReason);
    }
  }
  return texts;
}
