import { describe, expect, it } from "vitest";
import { detectors } from "@nomaly/detect";
import { bundleSize } from "../../test-support/bundle.ts";

const kilobytesMax = 42;
/** Of a detector that has others in it. */
const composedKilobytesMax = 60;

/** The library with one detector: fit, score, explain, save and load, on the caller's thread. */
function moduleWith(id: string): string {
  return `
    import { createLibrary } from "@nomaly/detect/core";
    import * as exports from "@nomaly/detect/detectors/${id}";
    const library = createLibrary({ detectors: Object.values(exports) });
    globalThis.fit = library.fit;
    globalThis.load = library.load;
  `;
}

describe("a single detector imported alone", () => {
  const limits = detectors.map(({ id, parts }) => ({ id, limit: parts === undefined ? kilobytesMax : composedKilobytesMax }));
  it.each(limits)("$id is under $limit KB compressed", async ({ id, limit }) => {
    const { brotliBytes, gzipBytes } = await bundleSize(moduleWith(id));
    const inKb = (bytes: number) => (bytes / 1024).toFixed(1).padStart(5);
    console.log(`bundle ${id.padEnd(26)} ${inKb(brotliBytes)} KB brotli ${inKb(gzipBytes)} KB gzip`);
    expect(brotliBytes).toBeLessThan(limit * 1024);
  });
});
