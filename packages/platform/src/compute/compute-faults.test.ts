import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createRandom, fit, load } from "@nomaly/detect";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import type { Compute, ComputeOptions } from "./compute.ts";
import { createCompute } from "./compute.ts";
import { isRetryable, retryAfterSecondsOf } from "./fault-details.ts";
import type { Fault, OrderKind } from "./messages.ts";
import { rowsGiven } from "./rows/parse-rows.ts";

const random = createRandom(7);
const rows = Array.from({ length: 3000 }, () => [random.normal(), random.normal()]);
const bytes = (await fit(rows.slice(0, 300), { detector: "knn" })).save();
const expected = load(bytes).score(rows);
const given = rowsGiven(rows, undefined);
const model = { versionId: "knn" };

const folder = mkdtempSync(join(tmpdir(), "compute-faults-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let open: Compute[] = [];
afterEach(async () => {
  await Promise.all(open.map((compute) => compute.close(0)));
  open = [];
});

function opened(options: Partial<ComputeOptions> = {}): Compute {
  const compute = createCompute({ loadModel: () => Promise.resolve({ bytes, isForeign: false }), workerCount: 2, ...options });
  open.push(compute);
  return compute;
}

/** The given fault for the first tries of this kind, as many as counted. */
function faultsFor(kind: OrderKind, fault: Fault, count: number) {
  let left = count;
  return (asked: OrderKind) => (asked === kind && left-- > 0 ? fault : undefined);
}

function bodyOf(content: unknown) {
  const path = join(folder, "body");
  const bytes = Buffer.from(JSON.stringify(content));
  writeFileSync(path, bytes);
  return { kind: "body" as const, format: "json" as const, path, sizeBytes: bytes.length };
}

const slowFit = { input: given, options: { detector: "ocsvm" } };
const until = (condition: () => boolean) => vi.waitUntil(condition, { timeout: 30_000, interval: 2 });
const stuck = () => faultsFor("train", "spin", Number.POSITIVE_INFINITY);

describe("a worker that dies", () => {
  it.each<Fault>(["exit", "throw", "crash"])("by %s is replaced, and its scoring done by another", async (fault) => {
    const compute = opened({ faults: faultsFor("predict", fault, 1) });
    const { scores } = await compute.predict({ model, input: given });
    expect(scores).toEqual(expected);
    expect(compute.stats()).toMatchObject({ crashed: 1 });
    await compute.predict({ model, input: given });
    expect(compute.stats().busy).toBe(0);
  });

  it("twice with the same scoring fails it as retryable, and what comes next succeeds", async () => {
    const compute = opened({ faults: faultsFor("predict", "exit", 2) });
    const error: unknown = await compute.predict({ model, input: given }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "WORKER" });
    expect(isRetryable(error)).toBe(true);
    expect((await compute.predict({ model, input: given })).scores).toEqual(expected);
    expect(compute.stats()).toMatchObject({ crashed: 2, replaced: expect.any(Number) });
  });

  it("while reading a body asks again, and answers", async () => {
    let asked = 0;
    const compute = opened({ faults: faultsFor("predict-body", "exit", 1) });
    const body = bodyOf({ data: rows });
    const plan = () => {
      asked++;
      return Promise.resolve({ model });
    };
    expect((await compute.predictBody({ body, plan, reply: "json" })).rowCount).toBe(3000);
    expect([asked, compute.stats().crashed]).toEqual([1, 1]);
  });

  it("while scoring a file leaves no half-written file, and the file is scored all the same", async () => {
    const folder = mkdtempSync(join(tmpdir(), "compute-fault-"));
    const path = join(folder, "rows.csv");
    writeFileSync(path, ["a,b", ...rows.map((row) => row.join())].join("\n"));
    const outputPath = join(folder, "scored.parquet");
    // As if the worker had died while it wrote.
    writeFileSync(`${outputPath}.partial`, "half");
    const named = (await fit(rows.map(([a, b]) => ({ a, b })).slice(0, 300), { detector: "knn" })).save();
    const compute = opened({
      faults: faultsFor("score-file", "exit", 1),
      loadModel: () => Promise.resolve({ bytes: named, isForeign: false }),
      temporaryFolder: folder,
    });
    const input = { kind: "file" as const, path, name: "rows", format: "csv" as const };
    expect((await compute.scoreFile({ model, input, outputPath })).rowCount).toBe(3000);
    await compute.close();
    expect([compute.stats().crashed, readdirSync(folder).sort()]).toEqual([1, ["rows.csv", "scored.parquet"]]);
    rmSync(folder, { recursive: true });
  });

  it("in training fails that training as retryable, and leaves no temporary file", async () => {
    const temporaryFolder = mkdtempSync(join(tmpdir(), "compute-fault-"));
    const compute = opened({ faults: faultsFor("train", "exit", 1), temporaryFolder });
    const error: unknown = await compute.train({ input: given, options: {} }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: "WORKER" });
    expect(isRetryable(error)).toBe(true);
    await compute.train({ input: given, options: {} });
    await compute.close();
    expect(readdirSync(temporaryFolder)).toEqual([]);
    rmSync(temporaryFolder, { recursive: true });
  });

  it("again and again rests longer each time before it is replaced", async () => {
    const compute = opened({ faults: faultsFor("train", "exit", 4) });
    const startedAt = performance.now();
    for (let count = 0; count < 4; count++) await compute.train({ input: given, options: {} }).catch(() => undefined);
    await compute.train({ input: given, options: {} });
    // Two places, two deaths each: after the second one a place rests for 100 ms.
    expect(performance.now() - startedAt).toBeGreaterThan(100);
    expect(compute.stats()).toMatchObject({ crashed: 4, busy: 0 });
  });
});

describe("work that its caller left", () => {
  it("leaves the queue at once", async () => {
    const compute = opened({ faults: stuck() });
    const running = new AbortController();
    const waiting = new AbortController();
    const first = compute.train(slowFit, { signal: running.signal });
    const second = compute.train(slowFit, { signal: waiting.signal });
    expect(compute.stats()).toMatchObject({ busy: 1, queuedItems: 1, queuedRows: 3000 });
    waiting.abort();
    await expect(second).rejects.toMatchObject({ code: "ABORTED" });
    expect(compute.stats()).toMatchObject({ queuedItems: 0, queuedRows: 0, queuedBytes: 0 });
    running.abort();
    await expect(first).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("stops where it runs, and the worker goes on", async () => {
    const compute = opened();
    const abort = new AbortController();
    const big = rowsGiven(
      Array.from({ length: 20_000 }, () => [random.normal(), random.normal()]),
      undefined,
    );
    const training = compute.train(
      { input: big, options: { detector: "lof" } },
      { signal: abort.signal, progress: () => abort.abort() },
    );
    await expect(training).rejects.toMatchObject({ code: "ABORTED" });
    await until(() => compute.stats().busy === 0);
    expect(compute.stats()).toMatchObject({ crashed: 0, aborted: 1 });
  });

  it("is ended by force when it does not listen", async () => {
    const compute = opened({ faults: faultsFor("train", "spin", 1) });
    const abort = new AbortController();
    const training = compute.train({ input: given, options: {} }, { signal: abort.signal });
    abort.abort();
    await expect(training).rejects.toMatchObject({ code: "ABORTED" });
    await until(() => compute.stats().busy === 0);
    await compute.train({ input: given, options: {} });
    expect(compute.stats()).toMatchObject({ replaced: 1 });
  });

  it("is not begun when it was left before", async () => {
    const compute = opened();
    const signal = AbortSignal.abort();
    await expect(compute.predict({ model, input: given }, { signal })).rejects.toMatchObject({ code: "ABORTED" });
    await expect(compute.train(slowFit, { signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(compute.stats()).toMatchObject({ workers: 0, inWorker: 0 });
  });

  it("waits no longer for a model that does not come", async () => {
    const compute = opened({ loadModel: () => new Promise(() => {}) });
    const abort = new AbortController();
    const predicting = compute.predict({ model, input: given }, { signal: abort.signal });
    abort.abort();
    await expect(predicting).rejects.toMatchObject({ code: "ABORTED" });
  });
});

describe("more work than compute takes", () => {
  it.each([
    ["rows", { queueRowsMax: 5000 }],
    ["bytes", { queueBytesMax: 80_000 }],
    ["pieces", { queueItemsMax: 1 }],
  ])("is refused at once by the number of %s, with the time to wait", async (_, limits) => {
    const compute = opened({ faults: stuck(), ...limits });
    const abort = new AbortController();
    const kept = [1, 2].map(() => compute.train(slowFit, { signal: abort.signal }).catch(() => undefined));
    const startedAt = performance.now();
    const error: unknown = await compute.train(slowFit).catch((reason: unknown) => reason);
    expect(performance.now() - startedAt).toBeLessThan(50);
    expect(error).toMatchObject({ code: "OVERLOADED" });
    expect(retryAfterSecondsOf(error)).toBeGreaterThanOrEqual(1);
    expect(compute.stats()).toMatchObject({ refused: 1, queuedItems: 1 });
    abort.abort();
    await Promise.all(kept);
  });

  it("does not keep short work waiting: with one core too there is a worker for it", async () => {
    const compute = opened({ workerCount: 1, faults: stuck() });
    const abort = new AbortController();
    const kept = [1, 2, 3].map(() => compute.train(slowFit, { signal: abort.signal }).catch(() => undefined));
    expect((await compute.predict({ model, input: given })).scores).toEqual(expected);
    expect(compute.stats()).toMatchObject({ busy: 1, queuedItems: 2 });
    abort.abort();
    await Promise.all(kept);
  });

  it("of short work does not keep long work out", async () => {
    const compute = opened();
    let training = true;
    const trained = compute.train({ input: given, options: {} }).finally(() => (training = false));
    const scoring = Array.from({ length: 4 }, async () => {
      while (training) await compute.predict({ model, input: given });
    });
    await trained;
    await Promise.all(scoring);
  });
});

it("a body whose model is not found in time gives its worker back", { timeout: 30_000 }, async () => {
  const compute = opened();
  const body = bodyOf({ data: rows });
  const predicting = compute.predictBody({ body, plan: () => new Promise(() => {}), reply: "json" });
  await expect(predicting).rejects.toMatchObject({ code: "TIMEOUT" });
  await until(() => compute.stats().busy === 0);
  expect(compute.stats()).toMatchObject({ workers: 1, crashed: 0 });
});

describe("closing", () => {
  it("lets what runs finish, refuses what waits and what comes, and leaves nothing open", async () => {
    const compute = opened();
    const running = compute.train({ input: given, options: {} });
    const waiting = compute.train({ input: given, options: {} });
    const closed = compute.close(30_000);
    await expect(waiting).rejects.toMatchObject({ code: "OVERLOADED" });
    await expect(compute.predict({ model, input: given })).rejects.toMatchObject({ code: "OVERLOADED" });
    expect((await running).summary.rowCount).toBe(3000);
    await closed;
    expect(compute.stats()).toMatchObject({ workers: 0, busy: 0, queuedItems: 0 });
  });

  it("ends what does not finish within the bound", async () => {
    const compute = opened({ faults: stuck() });
    const running = compute.train(slowFit).catch((error: unknown) => error);
    const startedAt = performance.now();
    await compute.close(100);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(await running).toMatchObject({ code: "WORKER" });
  });

  it("costs nothing where no worker was started", async () => {
    const compute = opened();
    expect((await compute.predict({ model, input: rowsGiven(rows.slice(0, 2), undefined) })).where).toBe("on the spot");
    expect(compute.stats()).toMatchObject({ workers: 0, onTheSpot: 1 });
    await compute.close();
  });
});
