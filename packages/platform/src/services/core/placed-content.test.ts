import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenContext, openContext, someCall } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import { someRows } from "../../../test-support/servers/service.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import { newId } from "../../ids/ids.ts";
import type { ServiceContext } from "./context.ts";
import { createDetector, removeDetector } from "../detectors/detectors.ts";
import { scoreTable } from "../scoring/score-dataset.ts";
import { trainNow } from "../detectors/train.ts";

let server: TestDatabase;
let open: OpenContext;
let context: ServiceContext;
/** What happens between the work of compute and the transaction that stores it. */
let meanwhile: () => Promise<void>;
let isShort: boolean;
beforeAll(async () => {
  server = await startTestDatabase();
  open = await openContext(await server.createDatabase());
  const { compute } = open.context;
  const watched: ServiceContext["compute"] = {
    ...compute,
    /** Every model comes on disk, as a large one does. */
    async train(work, control) {
      const { modelBytes = new Uint8Array(), summary } = await compute.train(work, control);
      const modelPath = join(tmpdir(), `nomaly-test-${newId()}.model`);
      await writeFile(modelPath, modelBytes);
      await meanwhile();
      return { modelPath, summary };
    },
    /** Every table of scores is too large for the database. */
    async scoreFile(work, control) {
      const outcome = await compute.scoreFile(work, control);
      await writeFile(work.outputPath, Buffer.alloc(300 * 1024));
      await meanwhile();
      return outcome;
    },
  };
  context = { ...open.context, compute: watched, reserve: { isShort: () => isShort, giveUp: () => false } };
});
afterAll(async () => {
  await open.close();
  await server.stop();
});
beforeEach(() => {
  meanwhile = async () => {};
  isShort = false;
});

async function detector(): Promise<string> {
  const { value } = await createDetector(context, someCall(), { name: "placed" });
  return value.id;
}

async function keys(kind: "model" | "result"): Promise<readonly string[]> {
  const found: string[] = [];
  for await (const key of context.blobs.keysBefore(Date.now() + 3_600_000)) if (key.startsWith(`${kind}/`)) found.push(key);
  return found.toSorted();
}

const source = rowsGiven(someRows(50), undefined);
const gone = new NomalyError("ABORTED", "the job is not ours any more");
const lost = async () => {
  throw gone;
};

describe("the bytes of a trained model that is not stored are removed", () => {
  const job = { id: newId(), progress: () => {}, holdIn: async () => {}, completeIn: async () => {} };

  it("when the disk has become full meanwhile", async () => {
    const detectorId = await detector();
    const before = await keys("model");
    meanwhile = async () => void (isShort = true);
    await expect(trainNow(context, someCall(), { detectorId, source })).rejects.toMatchObject({ code: "STORAGE" });
    expect(await keys("model")).toEqual(before);
  });

  it("when the detector has been removed meanwhile", async () => {
    const detectorId = await detector();
    const before = await keys("model");
    meanwhile = () => removeDetector(context, someCall(), detectorId);
    await expect(trainNow(context, someCall(), { detectorId, source })).rejects.toMatchObject({ code: "NOT_FOUND" });
    expect(await keys("model")).toEqual(before);
  });

  it("when its job is another's by then, also at the last statement", async () => {
    const detectorId = await detector();
    const before = await keys("model");
    await expect(trainNow(context, someCall(), { detectorId, source }, { ...job, completeIn: lost })).rejects.toThrow(gone);
    let heldCount = 0;
    const holdIn = async () => {
      if (heldCount++ > 0) throw gone;
    };
    await expect(trainNow(context, someCall(), { detectorId, source }, { ...job, holdIn })).rejects.toThrow(gone);
    expect(await keys("model")).toEqual(before);
  });

  it("and kept when it is", async () => {
    const before = await keys("model");
    await trainNow(context, someCall(), { detectorId: await detector(), source });
    expect(await keys("model")).toHaveLength(before.length + 1);
  });
});

describe("the bytes of a result that is not stored are removed", () => {
  async function trained(): Promise<string> {
    const detectorId = await detector();
    await trainNow(context, someCall(), { detectorId, source });
    return detectorId;
  }

  it("when the disk has become full meanwhile", async () => {
    const detectorId = await trained();
    meanwhile = async () => void (isShort = true);
    await expect(scoreTable(context, someCall(), { detectorId, source }, 0)).rejects.toMatchObject({ code: "STORAGE" });
    expect(await keys("result")).toEqual([]);
  });

  it("when its job is another's by then", async () => {
    const job = { id: newId(), progress: () => {}, completeIn: lost };
    await expect(scoreTable(context, someCall(), { detectorId: await trained(), source, job }, 0)).rejects.toThrow(gone);
    expect(await keys("result")).toEqual([]);
  });

  it("and kept when it is", async () => {
    await scoreTable(context, someCall(), { detectorId: await trained(), source }, 0);
    expect(await keys("result")).toHaveLength(1);
  });
});
