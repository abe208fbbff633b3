import { describe, expect, it } from "vitest";
import { clusteredSample } from "../src/conformance/samples.ts";
import type { AnyDetector, Fitted } from "../src/detector/detector.ts";
import { parseParams } from "../src/detector/params.ts";
import { chooseKernels } from "../src/kernels/choose.ts";
import type { Matrix } from "../src/matrix.ts";
import { createRandom } from "../src/random.ts";
import { detectors } from "../src/registry.ts";
import { singleThread } from "../src/threads/single-thread.ts";
import { taskTable } from "../src/threads/task-table.ts";

const kernels = chooseKernels();
const threads = singleThread(taskTable(detectors));
/** A fit of the large table takes seconds for some methods, for others so little that no abort comes in time. */
const large = clusteredSample(20_000, 10).train;
const abortMs = 10;
/** A fit that took no longer than this may have ended before events were due to be let in. */
const briefMs = 400;
/** From the fit's start. A tenth of it on a free machine; a fit that never lets events in ends unstopped. */
const stoppedMsMax = 3000;

function fit(detector: AnyDetector, train: Matrix, signal: AbortSignal): Promise<Fitted> {
  const params = parseParams(detector.id, detector.params, {});
  return detector.fit(train, params as never, { random: createRandom(1), kernels, threads, signal });
}

describe("a fit on one thread", () => {
  it.each(detectors.map((detector) => ({ id: detector.id, detector })))(
    "of $id is stopped by an abort that a timer fires, unless it is done before",
    async ({ detector }) => {
      // Kernels are compiled and the code is warm after this.
      await fit(detector, clusteredSample(200, 10).train, new AbortController().signal);
      const controller = new AbortController();
      const start = performance.now();
      const timer = setTimeout(() => controller.abort(), abortMs);
      const outcome = await fit(detector, large, controller.signal).then(
        () => "done",
        (error: { code?: string }) => error.code,
      );
      clearTimeout(timer);
      const tookMs = performance.now() - start;
      if (outcome === "done") expect(tookMs).toBeLessThan(briefMs);
      else expect(outcome).toBe("ABORTED");
      expect(tookMs).toBeLessThan(stoppedMsMax);
    },
  );
});
