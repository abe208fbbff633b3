import { afterAll, describe, expect, it } from "vitest";
import { robustZ } from "../detectors/robust-z/index.ts";
import { referenceKernels } from "../kernels/reference/index.ts";
import { createRandom } from "../random.ts";
import { sharedFloat64 } from "../shared-memory.ts";
import { fitForTest, scoresOf } from "../../test-support/fit.ts";
import { scoreRows } from "./score-rows.ts";
import { createThreadPool } from "./thread-pool.ts";
import { workerHost } from "./worker-host-node.ts";

const pool = createThreadPool(2, workerHost);
afterAll(() => pool.close());

function randomRows(rowCount: number, columnCount: number) {
  const random = createRandom(3);
  const values = sharedFloat64(rowCount * columnCount).map(() => random.normal());
  return { rowCount, columnCount, values };
}

describe("a thread pool", () => {
  it("scores on workers with the same bits as on the caller's thread", async () => {
    const rows = randomRows(60_000, 8);
    const { model } = await fitForTest(robustZ, rows);
    const onWorkers = await scoreRows("robust-z", model, rows, { kernels: referenceKernels, threads: pool });
    expect(onWorkers).toEqual(scoresOf(model, rows));
  });

  it("stops at once when the signal fires, and serves the next call", async () => {
    const rows = randomRows(60_000, 8);
    const { model } = await fitForTest(robustZ, rows);
    const controller = new AbortController();
    const stopped = scoreRows("robust-z", model, rows, { kernels: referenceKernels, threads: pool, signal: controller.signal });
    controller.abort();
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    const after = await scoreRows("robust-z", model, rows, { kernels: referenceKernels, threads: pool });
    expect(after).toHaveLength(60_000);
  });

  it("gives back the coded error that a task threw", async () => {
    const input = { detectorId: "robust-z", modelKey: "damaged", state: { values: {}, arrays: {} } };
    await expect(pool.map("core/score", [input], referenceKernels)).rejects.toMatchObject({
      code: "MODEL_FILE",
      field: "centers",
    });
  });

  it("fails the call, and nothing else, when its progress function throws", async () => {
    const rows = randomRows(60_000, 8);
    const { model } = await fitForTest(robustZ, rows);
    const progress = () => {
      throw new Error("no more");
    };
    const failing = scoreRows("robust-z", model, rows, { kernels: referenceKernels, threads: pool, progress });
    await expect(failing).rejects.toThrow("no more");
    expect(await scoreRows("robust-z", model, rows, { kernels: referenceKernels, threads: pool })).toHaveLength(60_000);
  });

  it("fails the task when no worker can be had", async () => {
    const spawn = () => {
      throw new Error("no threads left");
    };
    const without = createThreadPool(2, { ...workerHost, spawn });
    await expect(without.map("core/score", [{}, {}, {}], referenceKernels)).rejects.toThrow("no threads left");
    await without.close();
  });

  it("refuses an input that cannot be sent, and goes on", async () => {
    await expect(pool.map("core/score", [{ callback: () => {} }], referenceKernels)).rejects.toThrow(/could not be cloned/);
    await expect(pool.map("core/nothing", [{}], referenceKernels)).rejects.toThrow(/no task "core\/nothing"/);
  });
});
