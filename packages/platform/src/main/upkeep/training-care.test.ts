import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { addDetector, openTestStore } from "../../../test-support/servers/store.ts";
import { prepareQueue } from "../../jobs/prepare-queue.ts";
import { detectorById } from "../../store/tables/detectors.ts";
import { newId } from "../../ids/ids.ts";
import type { OpenDatabase } from "../../store/postgres/open-database.ts";
import { beginTraining, renewTrainings } from "../../store/tables/trainings.ts";
import { trainingLook } from "./training-care.ts";

let server: TestDatabase;
let database: OpenDatabase;
beforeAll(async () => {
  server = await startTestDatabase();
  const store = await openTestStore(server);
  ({ database } = store);
  await prepareQueue(database, { url: store.url, leaseSeconds: 60 });
});
afterAll(async () => {
  await database.close();
  await server.stop();
});

const log = { info: () => {}, warn: () => {}, error: () => {} };

/** A training of another process, which could not renew its lease in time. */
async function lapsedTraining() {
  const detectorId = await addDetector(database);
  const id = newId();
  await database.transaction((sql) => beginTraining(sql, { id, detectorId, leaseSeconds: -1 }));
  return {
    id,
    status: async () => (await detectorById(database, detectorId))?.status,
    error: async () => (await detectorById(database, detectorId))?.lastTrainingError,
  };
}

it("gives others one more look to renew their trainings when the database was away for longer than their leases", async () => {
  let nowMs = 0;
  const look = trainingLook({ database, trainings: new Set(), log }, () => nowMs);
  await look();
  const [alive, gone] = [await lapsedTraining(), await lapsedTraining()];
  nowMs += 70_000;
  await look();
  expect([await alive.status(), await gone.status()]).toEqual(["training", "training"]);
  await renewTrainings(database, [alive.id], 60);
  nowMs += 10_000;
  await look();
  expect([await alive.status(), await gone.status()]).toEqual(["training", "failed"]);
});

it("ends at its first look the trainings of a process that was killed", async () => {
  const gone = await lapsedTraining();
  await trainingLook({ database, trainings: new Set(), log })();
  expect(await gone.status()).toBe("failed");
  expect(await gone.error()).toEqual({ code: "WORKER", detail: "the process that trained the detector stopped" });
});
