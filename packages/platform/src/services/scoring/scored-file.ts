/** Scores a table with the live model of a detector into a temporary Parquet file. */

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import type { ScoreFileOutcome, TableWanted } from "../../compute/work.ts";
import { type Call, type ServiceContext, controlOf } from "../core/context.ts";
import { liveModel, type LiveModel } from "../detectors/live-model.ts";
import { type TableSource, withDatasetFile } from "../rows/rows-source.ts";

export interface ScoredFile {
  readonly model: LiveModel;
  readonly outcome: ScoreFileOutcome;
  /** A Parquet file with the table's columns and those that scoring adds. It is removed after `use`. */
  readonly path: string;
}

export interface FileToScore {
  readonly detectorId: string;
  readonly source: TableSource | RowsGiven;
  readonly wanted?: TableWanted;
  readonly progress?: ((done: number) => void) | undefined;
}

export async function withScoredFile<Value>(
  context: ServiceContext,
  call: Call,
  { detectorId, source, wanted = {}, progress }: FileToScore,
  use: (scored: ScoredFile) => Promise<Value>,
): Promise<Value> {
  const { version_id: versionId, ...model } = await liveModel(context, detectorId);
  const folder = await mkdtemp(join(tmpdir(), "nomaly-score-"));
  try {
    const path = join(folder, "scored.parquet");
    const control = { ...controlOf(call), ...(progress === undefined ? {} : { progress }) };
    const work = { model: { versionId }, outputPath: path, wanted };
    const outcome =
      source.kind === "rows"
        ? await context.compute.scoreFile({ ...work, input: source }, control)
        : await withDatasetFile(context, source.dataset, call.signal, (input) =>
            context.compute.scoreFile({ ...work, input }, control),
          );
    return await use({ model: { ...model, version_id: versionId }, outcome, path });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
