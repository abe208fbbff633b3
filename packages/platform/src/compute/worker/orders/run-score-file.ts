/** Scores a file in a worker, batch by batch, and writes its rows with their scores. Memory holds a batch, and 8 bytes a row. */

import { statSync } from "node:fs";
import type { AnomalyModel } from "@nomaly/detect";
import { partialDestination } from "../../../files/write/destination.ts";
import { createLabelReader } from "../../../files/read/labels.ts";
import { scoreColumns } from "../../../files/write/score-columns.ts";
import { onRows, requireColumns } from "../../../table-work/file-errors.ts";
import { createFindings } from "../../../table-work/findings.ts";
import type { GivenTable } from "../../../table-work/given-table.ts";
import { requireModelColumns, writingsOf } from "../../../table-work/model-columns.ts";
import { scoreTable } from "../../../table-work/score-table.ts";
import type { ScoreFileOrder } from "../../messages.ts";
import { predictRows } from "../../rows/predict-rows.ts";
import { tableGiven } from "../../rows/rows-given.ts";
import { scoreQuantiles } from "../../rows/score-quantiles.ts";
import type { ScoreFileOutcome, TableWanted } from "../../work.ts";
import { withGivenFile } from "../open-file.ts";
import type { OrderContext } from "../order-context.ts";
import { tableWanted } from "../table-wanted.ts";
import { runScoreRows } from "./run-score-rows.ts";

/** Scoring is this share of the progress, writing the rest. */
const scoreShare = 0.7;

export async function runScoreFile(order: ScoreFileOrder, context: OrderContext): Promise<ScoreFileOutcome> {
  const { input, threads, temporaryFolder } = order;
  const model = await context.model(order.model);
  if (input.kind === "rows") return runScoreRows(order, { input, model, context });
  return withGivenFile(
    { ...input, knownWritings: writingsOf(model) },
    { temporaryFolder, threads, ...context },
    ({ rows, sink }) => scoreGiven({ rows, sink, caller: "service" }, model, order, context),
  );
}

async function scoreGiven(
  table: GivenTable,
  model: AnomalyModel,
  { outputPath, wanted, threads }: ScoreFileOrder,
  { signal, progress }: OrderContext,
): Promise<ScoreFileOutcome> {
  const startedAt = performance.now();
  const { labels: labelSource, explainTop = 0 } = wanted;
  requireModelColumns(table, model);
  requireColumns(table, [labelSource?.name], "label_column");
  const labels = labelSource === undefined ? undefined : createLabelReader(labelSource);
  const findings = createFindings({ topCount: explainTop, labels });
  const columns = [...model.columns.map(({ name }) => name), ...(labelSource === undefined ? [] : [labelSource.name])];
  const report = (_: string, share: number | undefined) => share !== undefined && progress(share * scoreShare);
  await scoreTable(table, { model, threads, signal, columns, shownColumns: [] }, { report }, findings);
  const destination = partialDestination(outputPath, `the scores of ${table.rows.name}`);
  const target = { destination, format: { format: "parquet", gzip: false } } as const;
  await table.sink.write({ model, scores: findings.scores }, target);
  const scores = findings.scores.toArray();
  const explainTopRows = async () => {
    const { columns: topColumns, rowCount } = findings.topTable();
    const sizeBytes = rowCount * topColumns.length * Float64Array.BYTES_PER_ELEMENT;
    return predictRows(model, tableGiven(topColumns, rowCount, sizeBytes), true);
  };
  const told = await tableWanted(wanted, { ...judged(scores, model, wanted), scores }, explainTopRows);
  progress(1);
  const sameIndex = (row: number) => row;
  const truth = await onRows(table, sameIndex, () => findings.labels());
  return {
    rowCount: scores.length,
    anomalyCount: scores.reduce((count, score) => count + (score > model.threshold ? 1 : 0), 0),
    threshold: model.threshold,
    scoreQuantiles: scoreQuantiles(scores),
    addedColumns: scoreColumns(
      table.rows.columns.map(({ name }) => name),
      { reasons: false },
    ).added,
    sizeBytes: statSync(outputPath).size,
    scoreMs: performance.now() - startedAt,
    ...told,
    ...(truth === undefined ? {} : { truth }),
  };
}

/** Labels and ranks are computed only for tables whose rows are returned, as a table may have many rows. */
function judged(scores: Float64Array, model: AnomalyModel, { shownRowCountMax = 0 }: TableWanted) {
  return model.judge(scores.length <= shownRowCountMax ? scores : new Float64Array(0));
}
