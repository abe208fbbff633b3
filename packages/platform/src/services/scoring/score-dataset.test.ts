import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import { newId } from "../../ids/ids.ts";
import type { ServiceContext } from "../core/context.ts";
import { createDataset } from "../datasets/datasets.ts";
import { createDetector } from "../detectors/detectors.ts";
import { requireDataset } from "../rows/rows-source.ts";
import { type ScoredTable, scoreTable } from "./score-dataset.ts";
import { trainNow } from "../detectors/train.ts";

let server: TestDatabase;
let open: OpenContext;
let source: { readonly kind: "dataset"; readonly dataset: Awaited<ReturnType<typeof requireDataset>> };
beforeAll(async () => {
  server = await startTestDatabase();
  open = await openContext(await server.createDatabase());
  const { value } = await createDataset(open.context, someCall(), { name: "rows", data: someRows(50) });
  source = { kind: "dataset", dataset: await requireDataset(open.context, value.id) };
});
afterAll(async () => {
  await open.close();
  await server.stop();
});

const figuresOf = ({ model, resultId, rowCount, anomalyCount }: ScoredTable) => {
  const { model_version: version, threshold } = model;
  return { version, threshold, resultId, rowCount, anomalyCount };
};

async function trained(): Promise<{ readonly detectorId: string; readonly train: (rowCount: number) => Promise<unknown> }> {
  const { value } = await createDetector(open.context, someCall(), { name: "scores" });
  const train = (rowCount: number) =>
    trainNow(open.context, someCall(), { detectorId: value.id, source: rowsGiven(someRows(rowCount), undefined) });
  await train(50);
  return { detectorId: value.id, train };
}

it("answers a repeated attempt of a job from the stored result, without scoring again, though the detector has another model", async () => {
  const { detectorId, train } = await trained();
  const job = { id: newId(), progress: () => {} };
  const first = await scoreTable(open.context, someCall(), { detectorId, source, job }, 0);
  await train(200);
  let scoredCount = 0;
  const compute: ServiceContext["compute"] = {
    ...open.context.compute,
    scoreFile(work, control) {
      scoredCount++;
      return open.context.compute.scoreFile(work, control);
    },
  };
  const again = await scoreTable({ ...open.context, compute }, someCall(), { detectorId, source, job }, 0);
  expect(figuresOf(again)).toEqual(figuresOf(first));
  expect(scoredCount).toBe(0);
});

it("tells of two attempts at once the figures of the one that was stored", async () => {
  const { detectorId, train } = await trained();
  const id = newId();
  const completed: ScoredTable[] = [];
  const progress = () => {};
  // The other attempt comes to its end while this one scores.
  const other: { scored?: ScoredTable } = {};
  const compute: ServiceContext["compute"] = {
    ...open.context.compute,
    async scoreFile(work, control) {
      const outcome = await open.context.compute.scoreFile(work, control);
      await train(200);
      other.scored = await scoreTable(open.context, someCall(), { detectorId, source, job: { id, progress } }, 0);
      return outcome;
    },
  };
  const job = { id, progress, completeIn: async (_sql: unknown, scored: ScoredTable) => void completed.push(scored) };
  const late = await scoreTable({ ...open.context, compute }, someCall(), { detectorId, source, job }, 0);
  expect(other.scored?.model.model_version).toBe(2);
  for (const told of [late, ...completed]) expect(figuresOf(told)).toEqual(figuresOf(other.scored as ScoredTable));
});
