import { expect, it } from "vitest";
import { ModelCache } from "./model-cache.ts";

/** Models of which none is restored: how many bytes each file has stands in its id, as in `a/40`. */
function cacheOf(sizeBytesMax: number) {
  const loaded: string[] = [];
  const cache = new ModelCache(async (versionId) => {
    loaded.push(versionId);
    return { bytes: new Uint8Array(Number(versionId.split("/")[1])), isForeign: false };
  }, sizeBytesMax);
  const hold = (versionId: string) => cache.hold({ versionId });
  const isHeld = (versionId: string) => cache.peek({ versionId }) !== undefined;
  return { cache, loaded, hold, isHeld };
}

it("drops the model that was not used for longest when three times the files are more than the bound", async () => {
  const { cache, hold, isHeld } = cacheOf(300);
  await hold("a/40");
  await hold("b/40");
  await hold("a/40");
  await hold("c/40");
  expect(["a/40", "b/40", "c/40"].map(isHeld)).toEqual([true, false, true]);
  expect(cache.stats()).toMatchObject({ loaded: 2, bytes: 240, evictions: 1 });
});

it("gives a model that is larger than the whole bound, and does not keep it", async () => {
  const { cache, loaded, hold, isHeld } = cacheOf(300);
  await hold("a/40");
  for (let asked = 0; asked < 2; asked++) expect((await hold("huge/101")).bytes).toHaveLength(101);
  expect([isHeld("a/40"), isHeld("huge/101")]).toEqual([true, false]);
  expect(loaded).toEqual(["a/40", "huge/101", "huge/101"]);
  expect(cache.stats()).toMatchObject({ loaded: 1, bytes: 120, evictions: 0 });
});

it("counts the bytes of a dropped model no more, and of one loaded again once", async () => {
  const { cache, hold } = cacheOf(300);
  await hold("a/40");
  cache.drop(["a/40"]);
  expect(cache.stats()).toMatchObject({ loaded: 0, bytes: 0, evictions: 0 });
  await hold("a/40");
  expect(cache.stats()).toMatchObject({ loaded: 1, bytes: 120, evictions: 0 });
  cache.clear();
  expect(cache.stats()).toMatchObject({ loaded: 0, bytes: 0, evictions: 0 });
});
