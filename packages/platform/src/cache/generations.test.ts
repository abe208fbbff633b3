import { describe, expect, it } from "vitest";
import { createGenerations } from "./generations.ts";

describe("what was invalidated since a value was made", () => {
  it("is known by tag: one of them is enough, and others change nothing", () => {
    const generations = createGenerations(10);
    const before = generations.current();
    generations.invalidate(["a", "b"]);
    expect(generations.isCurrent(before, ["a"])).toBe(false);
    expect(generations.isCurrent(before, ["c", "b"])).toBe(false);
    expect(generations.isCurrent(before, ["c"])).toBe(true);
    expect(generations.isCurrent(before, [])).toBe(true);
    expect(generations.isCurrent(generations.current(), ["a", "b"])).toBe(true);
  });

  it("is everything, whatever its tags, when all is invalidated", () => {
    const generations = createGenerations(10);
    const before = generations.current();
    generations.invalidateAll();
    expect(generations.isCurrent(before, [])).toBe(false);
    expect(generations.isCurrent(generations.current(), ["a"])).toBe(true);
  });

  it("is everything once more tags are invalidated than are remembered, and by tag again afterwards", () => {
    const generations = createGenerations(2);
    const before = generations.current();
    generations.invalidate(["a", "b"]);
    expect(generations.isCurrent(before, ["c"])).toBe(true);
    generations.invalidate(["d"]);
    expect(generations.isCurrent(before, ["c"])).toBe(false);
    const after = generations.current();
    generations.invalidate(["e"]);
    expect(generations.isCurrent(after, ["c"])).toBe(true);
    expect(generations.isCurrent(after, ["e"])).toBe(false);
  });
});
