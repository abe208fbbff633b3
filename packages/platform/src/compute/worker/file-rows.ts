/** The rows of a file to learn from: all of them, or a sample where they are too many for the memory that learning may take. */

import { defaultSeed, NomalyError } from "@nomaly/detect";
import { rowCountWithinBudget } from "../../files/sample/row-budget.ts";
import { createRowSample } from "../../files/sample/row-sample.ts";
import { scoreColumns } from "../../files/write/score-columns.ts";
import type { Source } from "../../files/read/source.ts";
import type { FileGiven, TrainOptions } from "../work.ts";
import type { FileContext } from "./open-file.ts";
import { aboutFile, requireFileColumns, shareRead, withFile } from "./open-file.ts";
import type { TrainingRows } from "./orders/run-train.ts";

/** @throws NomalyError FILE_*, COLUMN, TOO_FEW_ROWS naming the file. */
export function fileRows(file: FileGiven, options: TrainOptions, context: FileContext): Promise<TrainingRows> {
  return withFile(file, context, async (source) => {
    const columns = learnedColumns(source, options);
    const fitRowCountMax = options.fitRowCountMax ?? (await rowCountWithinBudget(source, columns, context.settings.fitBytesMax));
    const sample = createRowSample(fitRowCountMax, options.seed ?? defaultSeed);
    for await (const batch of source.batches(columns)) {
      sample.add(batch);
      const share = shareRead(file, source, batch.firstRow + batch.rowCount);
      if (share !== undefined) context.progress(share);
    }
    const { table, rowIndexes, totalRowCount } = sample.finish();
    if (totalRowCount === 0) throw new NomalyError("TOO_FEW_ROWS", `${file.name} has no rows`, { field: "rows", received: "0" });
    const { label: _label, fitRowCountMax: _rows, exclude: _left, columns: named, threads, ...others } = options;
    return {
      rows: table,
      rowCount: totalRowCount,
      fittedRowCount: table.rowCount,
      options: {
        ...others,
        ...(threads === undefined ? {} : { threads }),
        // Columns that are named are learned from even where they look like identifiers.
        ...(named === undefined ? {} : { columns }),
      },
      explainError: (error) => aboutFile(error, file.name, (row) => rowIndexes[row]),
    };
  });
}

/** Named columns, or all but those left out, the label, and scores of an earlier run. */
function learnedColumns(source: Source, { columns, exclude = [], label, categorical = [] }: TrainOptions): readonly string[] {
  requireFileColumns(source, columns ?? [], "columns");
  requireFileColumns(source, exclude, "exclude");
  requireFileColumns(source, label === undefined ? [] : [label], "label");
  requireFileColumns(source, categorical, "categorical");
  const names = source.columns.map(({ name }) => name);
  const usable = source.columns.filter(({ kind }) => kind !== undefined).map(({ name }) => name);
  const left = new Set([...exclude, ...(label === undefined ? [] : [label])]);
  if (columns === undefined) for (const name of scoreColumns(names, true).earlier) left.add(name);
  const learned = [...new Set(columns ?? usable)].filter((name) => !left.has(name));
  if (learned.length > 0) return learned;
  throw new NomalyError("COLUMN", `${source.name}: no column is left to learn from`, { field: "columns" });
}
