import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import type { ServiceContext } from "../core/context.ts";
import { createDataset } from "../datasets/datasets.ts";
import { createDetector } from "../detectors/detectors.ts";
import { explainTop } from "./explain.ts";
import { requireDataset } from "../rows/rows-source.ts";
import { trainNow } from "../detectors/train.ts";

let server: TestDatabase;
let open: OpenContext;
beforeAll(async () => {
  server = await startTestDatabase();
  open = await openContext(await server.createDatabase());
});
afterAll(async () => {
  await open.close();
  await server.stop();
});

async function storedRows(rowCount: number) {
  const { value } = await createDataset(open.context, someCall(), { name: "rows", data: someRows(rowCount) });
  return { kind: "dataset", dataset: await requireDataset(open.context, value.id) } as const;
}

it("the reasons of a data set's rows are found once for a model, a data set and a number of rows", async () => {
  const { context } = open;
  const { value: detector } = await createDetector(context, someCall(), { name: "explains" });
  const train = (rowCount: number) =>
    trainNow(context, someCall(), { detectorId: detector.id, source: rowsGiven(someRows(rowCount), undefined) });
  await train(50);
  let scoredCount = 0;
  const compute: ServiceContext["compute"] = {
    ...context.compute,
    scoreFile(work, control) {
      scoredCount++;
      return context.compute.scoreFile(work, control);
    },
  };
  const [one, other] = [await storedRows(60), await storedRows(61)];
  const ask = (source: typeof one, top: number) =>
    explainTop({ ...context, compute }, someCall(), { detectorId: detector.id, source, top });

  const first = await ask(one, 3);
  expect(first.explanation.rows).toHaveLength(3);
  expect(await ask(one, 3)).toEqual(first);
  // The same bytes under another id are the same rows.
  expect(await ask(await storedRows(60), 3)).toEqual(first);
  expect(scoredCount).toBe(1);

  expect((await ask(one, 4)).explanation.rows).toHaveLength(4);
  expect((await ask(other, 3)).rowCount).toBe(61);
  expect(scoredCount).toBe(3);
  await train(200);
  expect((await ask(one, 3)).model.model_version).toBe(2);
  expect(scoredCount).toBe(4);
});
