import { expect, it, vi } from "vitest";
import { fit } from "../index.ts";
import { createRandom } from "../random.ts";

const rowCount = 60_000;
const names = Array.from({ length: 8 }, (_, column) => `c${column}`);

function batch(seed: number) {
  const random = createRandom(seed);
  return {
    rowCount,
    columns: names.map((name) => ({
      kind: "number" as const,
      name,
      values: Float64Array.from({ length: rowCount }, () => random.normal()),
    })),
  };
}

it(
  "scores batch after batch on threads in the memory of the first, with the scores of one thread",
  { timeout: 60_000 },
  async () => {
    const model = await fit(batch(1), { detector: "pca", seed: 1 });
    await model.scoreAsync(batch(2), { threads: 2 });
    let sharedBytes = 0;
    const counted = new Proxy(SharedArrayBuffer, {
      construct(target, [length]: [number]) {
        sharedBytes += length;
        return new target(length);
      },
    });
    vi.stubGlobal("SharedArrayBuffer", counted);
    try {
      for (const seed of [3, 4, 5]) {
        const rows = batch(seed);
        expect(await model.scoreAsync(rows, { threads: 2 })).toStrictEqual(model.score(rows));
      }
    } finally {
      vi.unstubAllGlobals();
    }
    // `score` itself encodes each batch into memory of its own: 8 bytes a value. Threads take nothing more.
    expect(sharedBytes).toBe(3 * rowCount * names.length * 8);
  },
);
