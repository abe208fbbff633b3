/** Reads the rows of a file that a worker fits on, and adapts the fit's options to them. */

import { defaultDetectorId, defaultSeed, type RowsInput } from "@nomaly/detect";
import type { KnownWriting } from "../../files/read/csv/written-options.ts";
import { storedNotes, tableNotes } from "../../files/read/table-notes.ts";
import { fitBytesOf, rowCountWithinBudget } from "../../files/sample/row-budget.ts";
import { columnsByUse } from "../../table-work/columns-by-use.ts";
import { aboutFile, requireColumns } from "../../table-work/file-errors.ts";
import type { GivenTable } from "../../table-work/given-table.ts";
import { trainingRows } from "../../table-work/training-rows.ts";
import type { FileGiven, TrainOptions } from "../work.ts";
import { type FileContext, withGivenFile } from "./open-file.ts";

/** Rows to fit on, from a request, a body or a file. */
export interface TrainingRows {
  readonly rows: RowsInput;
  readonly rowCount: number;
  readonly fittedRowCount: number;
  /** How the rows were read, in sentences. */
  readonly notes: readonly string[];
  /** The options of the work, adapted to these rows. */
  readonly options: TrainOptions;
  /** Renames the row or field of an error as the file or request names it. */
  readonly explainError: (error: unknown) => unknown;
}

/** @throws NomalyError FILE_*, COLUMN, TOO_FEW_ROWS naming the file. */
export function fileRows(file: FileGiven, options: TrainOptions, context: FileContext): Promise<TrainingRows> {
  const knownWritings = (options.categorical ?? []).map((name): KnownWriting => ({ name, writing: "text" }));
  return withGivenFile({ ...file, knownWritings }, context, async ({ rows, sink }) => {
    const table = { rows, sink, caller: "service" } as const;
    const columns = learnedColumns(table, options);
    const fitBytes = fitBytesOf([options.detector ?? defaultDetectorId], context.settings.fitBytesMax);
    const fitRowCountMax = options.fitRowCountMax ?? (await rowCountWithinBudget(rows, columns, fitBytes));
    const progress = { report: (_: string, share: number | undefined) => share !== undefined && context.progress(share) };
    const wanted = {
      columns,
      shownColumns: [],
      fitRowCountMax,
      options: { seed: options.seed ?? defaultSeed, detector: options.detector },
    };
    const { table: sampled, rowIndexes, totalRowCount } = await trainingRows(table, wanted, progress);
    // Excluded columns were not read.
    const { label: _label, exclude: _exclude, ...others } = options;
    return {
      rows: sampled,
      rowCount: totalRowCount,
      fittedRowCount: sampled.rowCount,
      notes: storedNotes(tableNotes(rows)),
      // The fit uses columns that are named even if they look like identifiers.
      options: options.columns === undefined ? others : { ...others, columns },
      explainError: (error) => aboutFile(error, { name: rows.name, caller: table.caller }, (row) => rowIndexes[row]),
    };
  });
}

function learnedColumns(table: GivenTable, { columns, exclude = [], label, categorical = [] }: TrainOptions): readonly string[] {
  requireColumns(table, columns ?? [], "columns");
  requireColumns(table, exclude, "exclude");
  requireColumns(table, [label], "label");
  requireColumns(table, categorical, "categorical");
  return columnsByUse(table, { columns, exclude, marked: label === undefined ? [] : [label] }).learned;
}
