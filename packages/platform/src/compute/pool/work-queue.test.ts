import { expect, it } from "vitest";
import type { Load } from "./work-queue.ts";
import { WorkQueue } from "./work-queue.ts";

const limits = { rowCountMax: 100, sizeBytesMax: 1000, itemCountMax: 3, waitMsMax: 50 };
const load = (given: Partial<Load> = {}): Load => ({ lane: "short", rowCount: 10, sizeBytes: 10, estimateMs: 1, ...given });

it("refuses by rows, bytes, items and, for short work, by the time to wait", () => {
  const queue = new WorkQueue(limits);
  queue.push(load({ rowCount: 60, sizeBytes: 600, estimateMs: 120 }));
  expect(queue.refusal(load({ rowCount: 41 }), 4)).toBe("60 rows wait already");
  expect(queue.refusal(load({ sizeBytes: 401 }), 4)).toBe("600 bytes wait already");
  expect(queue.refusal(load(), 2)).toBe("the wait would be too long");
  expect(queue.refusal(load(), 4)).toBeUndefined();
  expect(queue.refusal(load({ lane: "long" }), 1)).toBeUndefined();
  queue.push(load());
  queue.push(load());
  expect(queue.refusal(load(), 4)).toBe("3 pieces of work wait already");
});

it("keeps the order of each lane, and holds nothing once all is taken", () => {
  const queue = new WorkQueue({ ...limits, itemCountMax: 100 });
  const items = [1, 2, 3].map((rowCount) => load({ rowCount, estimateMs: 0.1 * rowCount }));
  for (const item of items) queue.push(item);
  const again = load({ rowCount: 9 });
  queue.pushFirst(again);
  expect(queue.remove(items[1])).toBe(true);
  expect(queue.remove(items[1])).toBe(false);
  expect([queue.shift("short"), queue.shift("short"), queue.shift("short"), queue.shift("short")]).toEqual([
    again,
    items[0],
    items[2],
    undefined,
  ]);
  expect([queue.itemCount, queue.rowCount, queue.sizeBytes, queue.waitMs("short", 1)]).toEqual([0, 0, 0, 0]);
});
