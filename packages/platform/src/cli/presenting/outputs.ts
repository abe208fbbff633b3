/** The output files of a run, which are checked before the work begins and completed after it. */

import { NomalyError, type Reason } from "@nomaly/detect";
import { openDestination, writeWhole } from "../../files/write/destination.ts";
import { type FormatAndCompression, formatOfName, parseFormat } from "../../files/read/format.ts";
import type { RowStream } from "../../files/read/row-stream.ts";
import type { RowSelection } from "../../files/write/row-sink.ts";
import { scoreColumnNames, scoreColumns, type ScoresAdded } from "../../files/write/score-columns.ts";
import { noSingleReason, reasonsText, shownReasons } from "../../report/words/reasons.ts";
import type { Ensemble, Judge } from "../../table-work/ensemble.ts";
import type { Findings } from "../../table-work/findings.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { reasonsOfAnomalies } from "../../table-work/reasons.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, note } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import type { Progress } from "../frame/progress-bar.ts";
import { isStandardOutput, type PathUse, refuseSameFile, refuseSharedStdout } from "./output-paths.ts";

const reasonCount = 3;
const gzippable = ["csv", "tsv", "json", "ndjson"];

export interface ScoredTable {
  readonly table: GivenTable;
  readonly model: Judge | Ensemble;
  readonly findings: Pick<Findings, "scores" | "memberScores">;
}

export interface Outputs {
  /** True if rows or report are written to standard output, so that nothing else may be. */
  readonly takesStdout: boolean;
  /** True if scored rows are written to a file. */
  readonly writesRows: boolean;
  writeRows(scored: ScoredTable, progress: Progress): Promise<void>;
  writeReport(html: () => Promise<string>): Promise<void>;
  /** Paths of the written files, for the JSON document. */
  readonly written: Readonly<Record<string, string>>;
}

/** @throws NomalyError FILE_WRITE, UsageError before the work begins. */
export function openOutputs(given: Arguments, context: CliContext): Outputs {
  const output = given.text("output");
  const report = given.text("report");
  const uses: PathUse[] = [
    ["-o", output],
    ["--report", report],
  ];
  refuseSharedStdout([...uses, ["--json", given.has("json") ? "-" : undefined]]);
  // The scored rows may replace the input file; the report may not.
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
  const selection = selectionOf(given, output);
  const rows = output === undefined ? undefined : openDestination(output, context.temporary, context.stdout);
  const page = report === undefined ? undefined : openDestination(report, context.temporary, context.stdout);

  return {
    takesStdout: uses.some(([, path]) => path !== undefined && isStandardOutput(path)),
    writesRows: rows !== undefined,
    async writeRows({ table, model, findings: { scores, memberScores } }, progress) {
      if (rows === undefined || format === undefined) return;
      const members = "members" in model ? model.members : [];
      const added = { reasons: given.has("explain"), detectorIds: members.map(({ detectorId }) => detectorId) };
      noteColumns(table.rows, added, context);
      const reasons = given.has("explain")
        ? await reasonsOfAnomalies({ rows: table.rows, model, scores }, shortReasons, progress)
        : undefined;
      progress.report("writing", 0);
      const scored = {
        model,
        scores,
        members: members.map(({ detectorId }, index) => ({ detectorId, scores: memberScores[index] })),
        reasons,
        progress: (share: number) => progress.report("writing", share),
      };
      await table.sink.write(scored, { destination: rows, format, isSpreadsheetSafe, selection });
      progress.clear();
    },
    async writeReport(html) {
      if (page !== undefined) await writeWhole(page, await html());
    },
    written: { ...(output === undefined ? {} : { output }), ...(report === undefined ? {} : { report }) },
  };
}

function selectionOf(given: Arguments, output: string | undefined): RowSelection {
  for (const name of ["only-anomalies", "sort"]) {
    if (given.has(name) && output === undefined) throw new UsageError(`--${name} is about the rows written: it needs -o OUT`);
  }
  return { onlyAnomalies: given.has("only-anomalies"), byScore: given.has("sort") };
}

function shortReasons(reasons: readonly Reason[]): string {
  return reasonsText(shownReasons(reasons, reasonCount)) || noSingleReason;
}

function noteColumns({ name, columns }: RowStream, scores: ScoresAdded, context: CliContext): void {
  const names = columns.map((column) => column.name);
  const { added, replaced } = scoreColumns(names, scores);
  if (replaced.length > 0) note(context, `the columns ${replaced.join(", ")} of ${name} are replaced in the output`);
  if (added[0] === scoreColumnNames(scores)[0]) return;
  note(context, `${name} has columns of these names already: scores are written as ${added.join(", ")}`);
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
