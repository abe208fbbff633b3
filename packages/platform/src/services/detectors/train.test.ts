import { afterAll, beforeAll, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import type { ServiceContext } from "../core/context.ts";
import { changeStatuses, createDetector, getDetector } from "./detectors.ts";
import { trainNow } from "./train.ts";

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

it("leaves a detector disabled that was disabled while it was trained", async () => {
  const { context } = open;
  const { value } = await createDetector(context, someCall(), { name: "disabled meanwhile" });
  const compute: ServiceContext["compute"] = {
    ...context.compute,
    async train(work, control) {
      const outcome = await context.compute.train(work, control);
      await changeStatuses(context, someCall(), { ids: [value.id], status: "disabled" });
      return outcome;
    },
  };
  const source = rowsGiven(someRows(50), undefined);
  const trained = await trainNow({ ...context, compute }, someCall(), { detectorId: value.id, source });
  expect(trained.model_version).toBe(1);
  expect(await getDetector(context, value.id)).toMatchObject({ status: "disabled", is_fitted: true, model_version: 1 });
});
