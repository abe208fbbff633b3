/** Scores a file in a worker, batch by batch, and writes its rows with their scores: memory holds 8 bytes a row besides. */

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AnomalyModel } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { Destination } from "../../files/destination.ts";
import { writeError } from "../../files/destination.ts";
import { faultReason } from "../../files/file-fault.ts";
import { readAhead } from "../../files/read-ahead.ts";
import { scoreColumns } from "../../files/score-columns.ts";
import type { ScoreStore } from "../../files/score-store.ts";
import { createScoreStore } from "../../files/score-store.ts";
import type { Source } from "../../files/source.ts";
import { writeScored } from "../../files/write-scored.ts";
import type { ScoreFileOrder } from "../messages.ts";
import { scoreQuantiles } from "../score-quantiles.ts";
import type { ScoreFileOutcome } from "../work.ts";
import { aboutFile, requireFileColumns, shareRead, withFile } from "./open-file.ts";
import type { OrderContext } from "./order-context.ts";

/** Share of the progress that scoring has; writing has the rest. */
const scoreShare = 0.7;

export async function runScoreFile(order: ScoreFileOrder, context: OrderContext): Promise<ScoreFileOutcome> {
  const startedAt = performance.now();
  const { input, outputPath, threads, temporaryFolder } = order;
  const { signal, progress } = context;
  const model = context.models.restore(order.model);
  return withFile(input, { temporaryFolder, threads, signal, progress }, async (source) => {
    requireFileColumns(
      source,
      model.columns.map(({ name }) => name),
      "columns",
    );
    const scores = createScoreStore();
    const anomalyCount = await scoreBatches(source, model, scores, { order, context });
    const { rowCount } = scores;
    if (rowCount === 0) throw new NomalyError("TOO_FEW_ROWS", `${input.name} has no rows`, { field: "rows", received: "0" });
    const scored = {
      rowCount,
      scoreAt: (row: number) => scores.at(row),
      threshold: model.threshold,
      ranksOf: (values: Float64Array) => model.judge(values).ranks,
    };
    const destination = partialDestination(outputPath, `the scores of ${input.name}`);
    await writeScored(source, scored, { destination, format: { format: "parquet", gzip: false } }, signal);
    progress(1);
    return {
      rowCount,
      anomalyCount,
      threshold: model.threshold,
      scoreQuantiles: scoreQuantiles(scores.toArray()),
      addedColumns: scoreColumns(
        source.columns.map(({ name }) => name),
        false,
      ).added,
      sizeBytes: statSync(outputPath).size,
      scoreMs: performance.now() - startedAt,
    };
  });
}

/** @returns how many rows are anomalous. */
async function scoreBatches(
  source: Source,
  model: AnomalyModel,
  scores: ScoreStore,
  { order, context }: { readonly order: ScoreFileOrder; readonly context: OrderContext },
): Promise<number> {
  const { threads, input } = order;
  let anomalyCount = 0;
  for await (const batch of readAhead(source.batches(model.columns.map(({ name }) => name)))) {
    try {
      const batchScores = await model.scoreAsync(batch, { threads, signal: context.signal });
      for (const score of batchScores) if (score > model.threshold) anomalyCount++;
      scores.append(batchScores);
    } catch (error) {
      throw aboutFile(error, input.name, (row) => batch.firstRow + row);
    }
    const share = shareRead(input, source, scores.rowCount);
    if (share !== undefined) context.progress(share * scoreShare);
  }
  return anomalyCount;
}

/** Written beside its place under a name that the caller knows too, who removes it when this worker dies. */
function partialDestination(path: string, name: string): Destination {
  const temporaryPath = `${path}.partial`;
  const discard = () => rmSync(temporaryPath, { force: true });
  mkdirSync(dirname(path), { recursive: true });
  return {
    name,
    temporaryPath,
    discard,
    async commit() {
      try {
        const descriptor = openSync(temporaryPath, "r+");
        fsyncSync(descriptor);
        closeSync(descriptor);
        renameSync(temporaryPath, path);
      } catch (error) {
        discard();
        throw writeError(name, faultReason(error), error);
      }
    },
  };
}
