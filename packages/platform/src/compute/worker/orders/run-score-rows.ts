/** Scores the rows of a request in a worker, and writes them with their scores to a file. */

import { mkdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AnomalyModel } from "@nomaly/detect";
import { scoreColumns } from "../../../files/write/score-columns.ts";
import { type ColumnToWrite, writeRows } from "../../../files/write-rows.ts";
import type { ScoreFileOrder } from "../../messages.ts";
import { predictManyRows, predictRows } from "../../rows/predict-rows.ts";
import { chosenRows, columnsOf, type RowsGiven } from "../../rows/rows-given.ts";
import { scoreQuantiles } from "../../rows/score-quantiles.ts";
import type { PredictedRows, ScoreFileOutcome } from "../../work.ts";
import type { OrderContext } from "../order-context.ts";
import { tableWanted } from "../table-wanted.ts";

export async function runScoreRows(
  { outputPath, temporaryFolder, wanted }: ScoreFileOrder,
  { input, model, context }: { readonly input: RowsGiven; readonly model: AnomalyModel; readonly context: OrderContext },
): Promise<ScoreFileOutcome> {
  const { signal, settings } = context;
  const predicted = await predictManyRows(model, input, { signal });
  const given = columnsOf(input.rows);
  const { added, replaced } = scoreColumns(
    given.map(({ name }) => name),
    { reasons: false },
  );
  const kept = given.filter(({ name }) => !replaced.includes(name));
  const columns = [...kept, ...columnsOfScores(predicted, added)];
  const path = `${outputPath}.partial`;
  mkdirSync(dirname(path), { recursive: true });
  mkdirSync(temporaryFolder, { recursive: true });
  try {
    const rowCount = predicted.scores.length;
    await writeRows({ columns, rowCount, folder: temporaryFolder, path, memoryMib: settings.databaseMibMax }, signal);
    renameSync(path, outputPath);
  } finally {
    rmSync(temporaryFolder, { recursive: true, force: true });
  }
  return {
    rowCount: predicted.scores.length,
    anomalyCount: predicted.labels.reduce((count, label) => count + label, 0),
    threshold: predicted.threshold,
    scoreQuantiles: scoreQuantiles(predicted.scores),
    addedColumns: added,
    sizeBytes: statSync(outputPath).size,
    scoreMs: predicted.scoreMs,
    ...(await tableWanted(wanted, predicted, async (indexes) => predictRows(model, chosenRows(input, indexes), true))),
  };
}

function columnsOfScores({ scores, labels, ranks }: PredictedRows, names: readonly string[]): readonly ColumnToWrite[] {
  return [
    { name: names[0], cellAt: (row) => scores[row] },
    { name: names[1], cellAt: (row) => labels[row] === 1 },
    { name: names[2], cellAt: (row) => ranks[row] },
  ];
}
