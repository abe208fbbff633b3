/** Scores a file in a worker, batch by batch, and writes its rows with their scores: memory holds 8 bytes a row besides. */

import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname } from "node:path";
import type { AnomalyModel } from "@nomaly/detect";
import { NomalyError } from "@nomaly/detect";
import type { Destination } from "../../../files/write/destination.ts";
import { writeError } from "../../../files/write/destination.ts";
import { faultReason } from "../../../files/local/file-fault.ts";
import { labelsOf } from "../../../files/read/labels.ts";
import { readAhead } from "../../../files/read/read-ahead.ts";
import { scoreColumns } from "../../../files/write/score-columns.ts";
import type { ScoreStore } from "../../../files/write/score-store.ts";
import { createScoreStore } from "../../../files/write/score-store.ts";
import type { Source } from "../../../files/read/source.ts";
import { writeScored } from "../../../files/write/write-scored.ts";
import type { ScoreFileOrder } from "../../messages.ts";
import { predictRows } from "../../rows/predict-rows.ts";
import { scoreQuantiles } from "../../rows/score-quantiles.ts";
import { rowsAt } from "../rows-at.ts";
import type { FileGiven, ScoreFileOutcome, TableWanted } from "../../work.ts";
import { aboutFile, requireFileColumns, shareRead, withFile } from "../open-file.ts";
import type { OrderContext } from "../order-context.ts";
import { runScoreRows } from "./run-score-rows.ts";
import { tableWanted } from "../table-wanted.ts";

/** Share of the progress that scoring has; writing has the rest. */
const scoreShare = 0.7;

export async function runScoreFile(order: ScoreFileOrder, context: OrderContext): Promise<ScoreFileOutcome> {
  const { input, threads, temporaryFolder } = order;
  const model = await context.model(order.model);
  if (input.kind === "rows") return runScoreRows(order, { input, model, context });
  return withFile(input, { temporaryFolder, threads, ...context }, (source) =>
    scoreSource(source, model, { order, input, context }),
  );
}

interface Scoring {
  readonly order: ScoreFileOrder;
  readonly input: FileGiven;
  readonly context: OrderContext;
}

async function scoreSource(source: Source, model: AnomalyModel, scoring: Scoring): Promise<ScoreFileOutcome> {
  const startedAt = performance.now();
  const { order, input, context } = scoring;
  const { outputPath, wanted } = order;
  const { signal, progress } = context;
  const names = model.columns.map(({ name }) => name);
  requireFileColumns(source, names, "columns");
  const scores = createScoreStore();
  const anomalyCount = await scoreBatches(source, model, scores, scoring);
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
  const all = scores.toArray();
  const told = await tableWanted(wanted, { ...judged(all, model, wanted), scores: all }, async (indexes) =>
    predictRows(model, await rowsAt(source, names, indexes), true),
  );
  progress(1);
  return {
    rowCount,
    anomalyCount,
    threshold: model.threshold,
    scoreQuantiles: scoreQuantiles(all),
    addedColumns: scoreColumns(
      source.columns.map(({ name }) => name),
      false,
    ).added,
    sizeBytes: statSync(outputPath).size,
    scoreMs: performance.now() - startedAt,
    ...told,
    ...(wanted.labelColumn === undefined ? {} : { truth: await truthOf(source, wanted.labelColumn, rowCount) }),
  };
}

/** Only where they are told: a table may have many rows. */
function judged(scores: Float64Array, model: AnomalyModel, { shownRowCountMax = 0 }: TableWanted) {
  return model.judge(scores.length <= shownRowCountMax ? scores : new Float64Array(0));
}

/** @throws NomalyError COLUMN, LABEL naming the row. */
async function truthOf(source: Source, name: string, rowCount: number): Promise<Uint8Array> {
  requireFileColumns(source, [name], "label_column");
  const truth = new Uint8Array(rowCount);
  for await (const batch of source.batches([name])) {
    try {
      truth.set(labelsOf(batch.columns[0]), batch.firstRow);
    } catch (error) {
      throw aboutFile(error, source.name, (row) => batch.firstRow + row);
    }
  }
  return truth;
}

/** @returns how many rows are anomalous. */
async function scoreBatches(
  source: Source,
  model: AnomalyModel,
  scores: ScoreStore,
  { order: { threads }, input, context }: Scoring,
): Promise<number> {
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
