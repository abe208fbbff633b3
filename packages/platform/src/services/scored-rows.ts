/** Scores the rows of a request as predicting does, and writes them with their scores as a file. */

import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RowsGiven } from "../compute/rows-given.ts";
import { scoreQuantiles } from "../compute/score-quantiles.ts";
import type { PredictOutcome } from "../compute/work.ts";
import { scoreColumns } from "../files/score-columns.ts";
import { type ColumnToWrite, type WrittenCell, writeRows } from "../files/write-rows.ts";
import type { Call, ServiceContext } from "./context.ts";
import { fileWork } from "./file-work.ts";
import { liveModel } from "./live-model.ts";
import type { ScoredFile } from "./scored-file.ts";

export async function withScoredRows<Value>(
  context: ServiceContext,
  call: Call,
  { detectorId, source }: { readonly detectorId: string; readonly source: RowsGiven },
  use: (scored: ScoredFile) => Promise<Value>,
): Promise<Value> {
  const model = await liveModel(context, detectorId);
  const work = { model: { versionId: model.version_id }, input: source };
  const predicted = await context.compute.predict(work, { signal: call.signal });
  const folder = await mkdtemp(join(tmpdir(), "nomaly-score-"));
  try {
    const path = join(folder, "scored.parquet");
    const given = columnsOf(source);
    const names = given.map(({ name }) => name);
    const { added, replaced } = scoreColumns(names, false);
    const kept = given.filter(({ name }) => !replaced.includes(name));
    const columns = [...kept, ...columnsOfScores(predicted, added)];
    const rowCount = predicted.scores.length;
    await fileWork.run(call.signal, () => writeRows({ columns, rowCount, folder, path }, call.signal));
    const outcome = {
      rowCount,
      anomalyCount: predicted.labels.reduce((count, label) => count + label, 0),
      threshold: predicted.threshold,
      scoreQuantiles: scoreQuantiles(predicted.scores),
      addedColumns: added,
      sizeBytes: (await stat(path)).size,
      scoreMs: predicted.scoreMs,
    };
    return await use({ model, outcome, path, given: source });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function columnsOfScores({ scores, labels, ranks }: PredictOutcome, names: readonly string[]): readonly ColumnToWrite[] {
  return [
    { name: names[0], cellAt: (row) => scores[row] },
    { name: names[1], cellAt: (row) => labels[row] === 1 },
    { name: names[2], cellAt: (row) => ranks[row] },
  ];
}

type Cells = readonly WrittenCell[];

/** In every form that a request's rows can have. A name that not all objects have is missing in the others. */
function columnsOf({ rows }: RowsGiven): readonly ColumnToWrite[] {
  if (Array.isArray(rows)) {
    const objects = rows as readonly Readonly<Record<string, WrittenCell>>[];
    const names = new Set(objects.flatMap((cells) => Object.keys(cells)));
    return [...names].map((name) => ({
      name,
      cellAt: (row) => (Object.hasOwn(objects[row], name) ? objects[row][name] : null),
    }));
  }
  if ("values" in rows && rows.values instanceof Float64Array) {
    const { values, columnCount, columnNames } = rows as {
      readonly values: Float64Array;
      readonly columnCount: number;
      readonly columnNames?: readonly string[];
    };
    return Array.from({ length: columnCount }, (_, column) => ({
      name: columnNames?.[column] ?? `column_${column}`,
      cellAt: (row) => {
        const value = values[row * columnCount + column];
        return Number.isNaN(value) ? null : value;
      },
    }));
  }
  const columns = Object.entries(rows as Readonly<Record<string, Cells>>);
  return columns.map(([name, cells]) => ({ name, cellAt: (row) => cells[row] }));
}
