/** Scores a table's file with the live model of a detector, and reads what stands in the scored file. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import type { Column } from "@nomaly/detect";
import type { RowsGiven } from "../compute/rows-given.ts";
import type { FileGiven, ScoreFileOutcome } from "../compute/work.ts";
import type { Batch } from "../files/batches.ts";
import { createScoreStore } from "../files/score-store.ts";
import { openSource, type Source } from "../files/source.ts";
import { createTemporaryFiles } from "../files/temporary.ts";
import type { DatasetRow } from "../store/datasets.ts";
import type { Call, ServiceContext } from "./context.ts";
import { fileWork } from "./file-work.ts";
import { liveModel, type LiveModel } from "./live-model.ts";
import { withDatasetFile } from "./rows-source.ts";

/** Rows as a file. */
export interface TableSource {
  readonly kind: "dataset";
  readonly dataset: DatasetRow;
}

export interface ScoredFile {
  readonly model: LiveModel;
  readonly outcome: ScoreFileOutcome;
  /** A Parquet file: the table's columns, then those that scoring adds. It goes when the work on it ends. */
  readonly path: string;
  /** Where the rows stood in the request: as they were scored. */
  readonly given?: RowsGiven;
}

export interface FileToScore {
  readonly detectorId: string;
  readonly source: TableSource;
  readonly progress?: ((done: number) => void) | undefined;
}

export async function withScoredFile<Value>(
  context: ServiceContext,
  call: Call,
  { detectorId, source, progress }: FileToScore,
  use: (scored: ScoredFile) => Promise<Value>,
): Promise<Value> {
  const model = await liveModel(context, detectorId);
  const folder = await mkdtemp(join(tmpdir(), "nomaly-score-"));
  try {
    const path = join(folder, "scored.parquet");
    const control = { signal: call.signal, ...(progress === undefined ? {} : { progress }) };
    const scoreFile = (input: FileGiven) =>
      context.compute.scoreFile({ model: { versionId: model.version_id }, input, outputPath: path }, control);
    const outcome = await withDatasetFile(context, source.dataset, call.signal, scoreFile);
    return await use({ model, outcome, path });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

export function withParquet<Value>(path: string, signal: AbortSignal, work: (source: Source) => Promise<Value>): Promise<Value> {
  return fileWork.run(signal, () => withOpenParquet(path, signal, work));
}

async function withOpenParquet<Value>(
  path: string,
  signal: AbortSignal,
  work: (source: Source) => Promise<Value>,
): Promise<Value> {
  const temporary = createTemporaryFiles();
  const options = { name: "data", format: "parquet", threadCount: 1, temporary, stdin: Readable.from([]), signal } as const;
  try {
    const source = await openSource(path, options);
    try {
      return await work(source);
    } finally {
      source.close();
    }
  } finally {
    temporary.removeAll();
  }
}

/** All the scores, and whatever else is read along: one piece at a time. */
export async function readScores(
  { path, outcome }: ScoredFile,
  signal: AbortSignal,
  along?: { readonly column: string; readonly each: (column: Column, firstRow: number) => void },
): Promise<Float64Array> {
  const [scoreName] = outcome.addedColumns;
  const scores = createScoreStore();
  await withParquet(path, signal, async (source) => {
    for await (const batch of source.batches([scoreName, ...(along === undefined ? [] : [along.column])])) {
      scores.append(numbersOf(batch, scoreName));
      const other = along === undefined ? undefined : batch.columns.find(({ name }) => name === along.column);
      if (other !== undefined) along?.each(other, batch.firstRow);
    }
  });
  return scores.toArray();
}

export function numbersOf({ columns }: Pick<Batch, "columns">, name: string): Float64Array {
  const column = columns.find((candidate) => candidate.name === name);
  if (column === undefined || column.kind === "text") throw new Error(`internal: a scored file has no numbers in ${name}`);
  return column.values;
}
