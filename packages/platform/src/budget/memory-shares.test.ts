import { describe, expect, it } from "vitest";
import { type MemoryShares, memoryShares, workerMemory } from "./memory-shares.ts";

const [mib, gib] = [1024 ** 2, 1024 ** 3];
/** Measured resident memory of the server before the first request, and of the embedded database. */
const [serverBytes, databaseBytes, connectionBytes] = [110 * mib, 52 * mib, 20 * mib];

function atMostTaken({ workers, cacheBytes, modelBytes, queueBytes, bodyBytes, answerBytes, ...shares }: MemoryShares): number {
  const held = cacheBytes + modelBytes + queueBytes + bodyBytes + answerBytes;
  const work =
    workers.shortCount * workers.shortBytes + workers.fileCount * workers.fileBytes + workers.longCount * workers.longBytes;
  return held + work + shares.embeddedConnections * connectionBytes;
}

describe.each([1, 2, 4, 8, 24, 128])("the shares of %i GiB", (size) => {
  it.each([1, 2, 4, 16, 64])("keep within it together, for %i workers", (workerCount) => {
    const limitBytes = size * gib;
    const shares = memoryShares({ limitBytes, hasEmbeddedDatabase: true, workerCount });
    expect(atMostTaken(shares)).toBeLessThan(limitBytes - databaseBytes - serverBytes);
    const alone = memoryShares({ limitBytes, hasEmbeddedDatabase: false, workerCount });
    expect(atMostTaken({ ...alone, embeddedConnections: 0 })).toBeLessThan(limitBytes - serverBytes);
  });

  it("leave a worker for rows, one for files and one for long work, each with enough to work with", () => {
    const { workers } = memoryShares({ limitBytes: size * gib, hasEmbeddedDatabase: true, workerCount: 64 });
    expect(Math.min(workers.shortCount, workers.fileCount, workers.longCount)).toBeGreaterThanOrEqual(1);
    expect(Math.min(workers.shortBytes, workers.fileBytes, workers.longBytes)).toBeGreaterThan(100 * mib);
    expect(workers.longCount).toBeLessThanOrEqual(63);
  });
});

it("trains in one worker less than the processors would keep busy, and in one where there is only one", () => {
  const longCountOf = (workerCount: number) =>
    memoryShares({ limitBytes: 24 * gib, hasEmbeddedDatabase: true, workerCount }).workers.longCount;
  expect([1, 2, 3, 8].map(longCountOf)).toEqual([1, 1, 2, 7]);
});

it("divides a worker's memory, and gives the smallest something of everything", () => {
  const small = workerMemory(120 * mib);
  expect(small.heapMib).toBeGreaterThanOrEqual(32);
  expect(small.databaseMib).toBeGreaterThanOrEqual(24);
  expect(small.fitBytes).toBeGreaterThan(mib);
  const large = workerMemory(100 * gib);
  expect(large).toMatchObject({ heapMib: 4096, databaseMib: 1024, fitBytes: 128 * mib });
});
