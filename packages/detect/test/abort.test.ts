import { describe, expect, it } from "vitest";
import { clusteredSample } from "../src/conformance/samples.ts";
import { knn } from "../src/detectors/knn/index.ts";
import type { AnyDetector, Fitted } from "../src/detector/detector.ts";
import { parseParams } from "../src/detector/params.ts";
import { chooseKernels } from "../src/kernels/choose.ts";
import { useEveryFamily } from "../src/kernels/every-family.ts";
import type { Matrix } from "../src/matrix.ts";
import { createRandom } from "../src/random.ts";
import { detectors } from "../src/registry.ts";
import { scoreRows } from "../src/threads/score-rows.ts";
import { singleThread } from "../src/threads/single-thread.ts";
import { taskTable } from "../src/threads/task-table.ts";

useEveryFamily();

const kernels = chooseKernels();
const threads = singleThread(taskTable(detectors));
/** The signal fires after so many milliseconds of this thread's own time, so that other load on the machine does not count. */
const earlyMs = 150;
/** Late enough that a large neighbour index is made ready for searching before, and the search has begun. */
const lateMs = 1200;
/** Work that ends before the signal fires must end so soon after it. */
const briefMs = 450;
/** Longest time from the signal to the end, and between two turns of the event loop. */
const stoppedMsMax = 1000;
const blockedMsMax = 500;

interface Case {
  readonly rowCount: number;
  readonly columnCount: number;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Parameters, or a number of rows, that make the fit of a long table take a second or more. */
const longCases: Readonly<Record<string, Partial<Case>>> = {
  abod: { params: { method: "default" } },
  cblof: { params: { nClusters: 1000 } },
  cof: { params: { nNeighbors: 1000 } },
  copod: { rowCount: 400_000 },
  ecod: { rowCount: 400_000 },
  "extended-isolation-forest": { params: { maxSamples: 20_000, nEstimators: 200 } },
  gmm: { params: { nComponents: 50 } },
  "half-space-trees": { params: { nTrees: 1000, height: 12 } },
  hbos: { rowCount: 400_000, params: { binning: "dynamic", nBins: "auto" } },
  inne: { params: { maxSamples: 2000 } },
  "isolation-forest": { params: { maxSamples: 20_000, nEstimators: 1000 } },
  knn: { params: { nNeighbors: 1000 } },
  loda: { params: { nRandomCuts: 10_000 } },
  lof: { params: { metric: "minkowski", p: 3 } },
  ocsvm: { params: { nu: 0.9 } },
  pca: { rowCount: 400_000, params: { compat: "pyod" } },
  "robust-z": { rowCount: 400_000 },
  sampling: { params: { subsetSize: 0.5, metric: "minkowski", p: 3 } },
  "series-novelty": { rowCount: 1_000_000 },
};

/** Parameters, or a number of rows, that make the fit of a wide table take a second or more. */
const wideCases: Readonly<Record<string, Partial<Case>>> = {
  abod: { params: { method: "default" } },
  cblof: { params: { nClusters: 100, nInit: 100 } },
  cof: { params: { nNeighbors: 199 } },
  copod: { rowCount: 4000 },
  ecod: { rowCount: 4000 },
  gmm: {},
  "half-space-trees": { params: { nTrees: 1000, height: 12 } },
  hbos: { rowCount: 4000, params: { nBins: "auto" } },
  inne: { params: { nEstimators: 300, maxSamples: 200 } },
  "isolation-forest": { params: { nEstimators: 5000 } },
  kde: { rowCount: 4000 },
  knn: { rowCount: 4000 },
  loda: { params: { nRandomCuts: 10_000 } },
  lof: { params: { metric: "minkowski", p: 3 } },
  mcd: { rowCount: 4000 },
  ocsvm: { rowCount: 4000 },
  pca: { rowCount: 4000 },
  "robust-z": { rowCount: 4000 },
  sampling: { rowCount: 4000, params: { subsetSize: 0.5 } },
};

const tables = new Map<string, Matrix>();

/** Sums of two fractions without a pattern: faster to make than normal numbers. */
function tableOf(rowCount: number, columnCount: number): Matrix {
  const key = `${rowCount} x ${columnCount}`;
  const held = tables.get(key);
  if (held !== undefined) return held;
  const values = new Float64Array(rowCount * columnCount);
  let state = 1;
  for (let at = 0; at < values.length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    values[at] = state / 2 ** 32 + ((at * 7919) % 1013) / 1013;
  }
  const table = { rowCount, columnCount, values };
  tables.set(key, table);
  return table;
}

function fit(detector: AnyDetector, train: Matrix, params: Case["params"], signal?: AbortSignal): Promise<Fitted> {
  const parsed = parseParams(detector.id, detector.params, params);
  const context = { random: createRandom(1), kernels, threads, ...(signal === undefined ? {} : { signal }) };
  return detector.fit(train, parsed as never, context);
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

interface Stopped {
  readonly outcome: string;
  /** Milliseconds of work from the time of the signal on; negative when it ended before. */
  readonly overdueMs: number;
  /** Milliseconds from the signal on. */
  readonly stoppedMs: number;
  readonly longestBlockMs: number;
}

/** Stops the work by a timer, and watches how long the event loop waits for a turn. */
async function stop(work: (signal: AbortSignal) => Promise<unknown>, abortMs = earlyMs): Promise<Stopped> {
  const controller = new AbortController();
  const start = threadMs();
  let lastTurn = start;
  let abortedAt = Number.NaN;
  let longestBlockMs = 0;
  const noteTurn = () => {
    const now = threadMs();
    longestBlockMs = Math.max(longestBlockMs, now - lastTurn);
    lastTurn = now;
    if (now - start < abortMs || controller.signal.aborted) return;
    abortedAt = now;
    controller.abort();
  };
  const ticks = setInterval(noteTurn, 5);
  const outcome = await work(controller.signal).then(
    () => "done",
    (error: { code?: string; message: string }) => error.code ?? error.message,
  );
  clearInterval(ticks);
  const end = threadMs();
  longestBlockMs = Math.max(longestBlockMs, end - lastTurn);
  return { outcome, overdueMs: end - start - abortMs, stoppedMs: end - abortedAt, longestBlockMs };
}

function expectStopped({ outcome, overdueMs, stoppedMs, longestBlockMs }: Stopped): void {
  if (outcome === "done") expect(overdueMs).toBeLessThan(briefMs);
  else {
    expect(outcome).toBe("ABORTED");
    expect(stoppedMs).toBeLessThan(stoppedMsMax);
  }
  expect(longestBlockMs).toBeLessThan(blockedMsMax);
}

const widthOf = ({ traits }: AnyDetector, columnCount: number) => Math.min(columnCount, traits.columnMaximum ?? columnCount);

const cases = detectors
  .flatMap((detector) => [
    {
      id: detector.id,
      detector,
      shape: "long",
      rowCount: 20_000,
      columnCount: widthOf(detector, 20),
      params: {},
      ...longCases[detector.id],
    },
    { id: detector.id, detector, shape: "wide", rowCount: 200, columnCount: 2000, params: {}, ...wideCases[detector.id] },
  ])
  .filter(({ detector, columnCount }) => columnCount === widthOf(detector, columnCount));

describe("on one thread, whatever the signal interrupts,", () => {
  it.each(cases)(
    "a fit of $id on a $shape table ($rowCount x $columnCount) ends soon, and events came in all the while",
    async ({ detector, rowCount, columnCount, params }) => {
      // Kernels are compiled and the code is warm after this.
      await fit(detector, clusteredSample(200, widthOf(detector, 10)).train, {});
      const train = tableOf(rowCount, columnCount);
      expectStopped(await stop((signal) => fit(detector, train, params, signal)));
    },
  );

  it("a fit of knn on a wide table ends soon in the midst of its search, too", async () => {
    const train = tableOf(4000, 2000);
    expectStopped(await stop((signal) => fit(knn, train, {}, signal), lateMs));
  });

  it.each(detectors.map((detector) => ({ id: detector.id, detector })))(
    "scoring of many rows by $id ends soon, and events came in all the while",
    async ({ id, detector }) => {
      const { model } = await fit(detector, clusteredSample(600, widthOf(detector, 100)).train, {});
      const rows = tableOf(80_000, widthOf(detector, 100));
      expectStopped(await stop((signal) => scoreRows(id, model, rows, { kernels, threads, signal })));
    },
  );
});
