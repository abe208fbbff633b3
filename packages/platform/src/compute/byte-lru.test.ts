import { expect, it } from "vitest";
import { ByteLru } from "./byte-lru.ts";

it("drops what was not used for longest when the bytes are more than the bound", () => {
  const lru = new ByteLru<string>(100);
  lru.set("a", "A", 40);
  lru.set("b", "B", 40);
  expect(lru.get("a")).toBe("A");
  lru.set("c", "C", 40);
  expect([lru.get("a"), lru.get("b"), lru.get("c")]).toEqual(["A", undefined, "C"]);
  expect([lru.count, lru.sizeBytes, lru.evictionCount]).toEqual([2, 80, 1]);
});

it("does not keep what is larger than the whole bound, and counts a replaced entry once", () => {
  const lru = new ByteLru<string>(100);
  lru.set("a", "A", 60);
  lru.set("a", "A again", 70);
  lru.set("huge", "H", 101);
  expect([lru.get("a"), lru.get("huge"), lru.sizeBytes]).toEqual(["A again", undefined, 70]);
});
