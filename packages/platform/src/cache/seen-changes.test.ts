import { expect, it } from "vitest";
import { createSeenChanges } from "./seen-changes.ts";

it("a change is new once, part by part", () => {
  const seen = createSeenChanges(100);
  expect(seen.newTagsOf({ changeId: "x", tags: ["a", "b"] })).toEqual(["a", "b"]);
  expect(seen.newTagsOf({ changeId: "x", tags: ["b", "c"] })).toEqual(["c"]);
  expect(seen.newTagsOf({ changeId: "x", tags: ["a", "b", "c"] })).toEqual([]);
  expect(seen.newTagsOf({ changeId: "y", tags: ["a"] })).toEqual(["a"]);
});

it("beyond the limit the oldest change is new again, and the latest is not", () => {
  const seen = createSeenChanges(4);
  for (const changeId of ["1", "2", "3"]) seen.newTagsOf({ changeId, tags: ["a", "b"] });
  expect(seen.newTagsOf({ changeId: "3", tags: ["a", "b"] })).toEqual([]);
  expect(seen.newTagsOf({ changeId: "2", tags: ["a", "b"] })).toEqual([]);
  expect(seen.newTagsOf({ changeId: "1", tags: ["a", "b"] })).toEqual(["a", "b"]);
});

it("a change larger than the limit is applied each time", () => {
  const seen = createSeenChanges(2);
  const change = { changeId: "large", tags: ["a", "b", "c"] };
  expect(seen.newTagsOf(change)).toEqual(change.tags);
  expect(seen.newTagsOf(change)).toEqual(change.tags);
});
