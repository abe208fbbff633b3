import { describe, expect, it } from "vitest";
import { detectors } from "@nomaly/detect";
import { bundledBytes } from "../../test-support/bundle.ts";

const bytesMax = 40 * 1024;

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
  it.each(detectors.map(({ id }) => id))("%s is under 40 KB compressed", async (id) => {
    const bytes = await bundledBytes(moduleWith(id));
    console.log(`bundle ${id.padEnd(26)} ${(bytes / 1024).toFixed(1)} KB`);
    expect(bytes).toBeLessThan(bytesMax);
  });
});
