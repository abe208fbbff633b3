import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openContext, someCall, type OpenContext } from "../../../test-support/servers/open-context.ts";
import { startTestDatabase, type TestDatabase } from "../../../test-support/servers/postgres.ts";
import {
  changeDetector,
  changeStatuses,
  createDetector,
  detectorTagOf,
  findDetectors,
  getDetector,
  listsTag,
  removeDetector,
} from "./detectors.ts";
import type { DetectorView } from "./detector-view.ts";

let server: TestDatabase;
let opened: OpenContext;
beforeAll(async () => {
  server = await startTestDatabase();
  opened = await openContext(await server.createDatabase());
});
afterAll(async () => {
  await opened.close();
  await server.stop();
});

const absent = "00000000-0000-7000-8000-000000000000";
const notFound = { code: "NOT_FOUND", field: "detector_id", received: absent };
const make = async (given: object = {}) => (await createDetector(opened.context, someCall(), { name: "test", ...given })).value;
const change = (id: string, given: object, expectedTag?: string) =>
  changeDetector(opened.context, someCall(), id, { given, expectedTag });
const remove = (id: string, tag?: string) => removeDetector(opened.context, someCall(), id, tag);
const get = (id: string) => getDetector(opened.context, id);

describe("a detector", () => {
  it("is made of what is given and of defaults, and read as it was made", async () => {
    const made = await make();
    expect(made).toMatchObject({ name: "test", contamination: 0.1, hyperparameters: {}, options: {}, is_fitted: false });
    expect(await get(made.id)).toEqual(made);
    const given = {
      name: "pumps",
      algorithm_name: "knn",
      hyperparameters: { nNeighbors: 7 },
      contamination: 0.2,
      options: { seed: 3 },
    };
    expect(await make(given)).toMatchObject(given);
  });

  it("is read as it was changed, also when it was changed under its id in capitals", async () => {
    const made = await make();
    await get(made.id);
    await change(made.id.toUpperCase(), { name: "renamed" });
    expect((await get(made.id)).name).toBe("renamed");
    await get(made.id.toUpperCase());
    await change(made.id, { name: "again" });
    expect((await get(made.id.toUpperCase())).name).toBe("again");
  });

  it("that a training would refuse is not made", async () => {
    await expect(make({ algorithm_name: "knn", hyperparameters: { nNeighbors: 0 } })).rejects.toMatchObject({ code: "PARAM" });
    await expect(make({ options: { threshold: { method: "iqr", factor: -1 } } })).rejects.toMatchObject({ code: "PARAM" });
  });

  it("changes what is given and keeps the rest, for the next reader too", async () => {
    const made = await make({ algorithm_name: "knn", hyperparameters: { nNeighbors: 7 }, contamination: 0.2 });
    await get(made.id);
    const changed = await change(made.id, { name: "renamed", options: { seed: 3 } });
    expect(changed).toMatchObject({ id: made.id, name: "renamed", options: { seed: 3 } });
    expect(changed).toMatchObject({ algorithm_name: "knn", hyperparameters: { nNeighbors: 7 }, contamination: 0.2 });
    expect(await get(made.id)).toEqual(changed);
    await expect(change(made.id, { hyperparameters: { nNeighbors: 0 } })).rejects.toMatchObject({ code: "PARAM" });
    expect(await get(made.id)).toEqual(changed);
  });

  it("changes and goes only under its tag, when one is expected", async () => {
    const made = await make();
    const tag = detectorTagOf(made);
    const changed = await change(made.id, { name: "second" }, tag);
    expect(detectorTagOf(changed)).not.toBe(tag);
    const conflict = { code: "CONFLICT", field: "if-match" };
    await expect(change(made.id, { name: "third" }, tag)).rejects.toMatchObject(conflict);
    await expect(remove(made.id, tag)).rejects.toMatchObject(conflict);
    expect(await get(made.id)).toMatchObject({ name: "second" });
    await remove(made.id, detectorTagOf(changed));
    await expect(get(made.id)).rejects.toMatchObject({ code: "NOT_FOUND" });
  });

  it("that is not there cannot be read, changed or removed", async () => {
    await expect(get(absent)).rejects.toMatchObject(notFound);
    await expect(change(absent, { name: "none" })).rejects.toMatchObject(notFound);
    await expect(remove(absent)).rejects.toMatchObject(notFound);
  });

  it("changes its status with others, and those that are not there are told", async () => {
    const [one, two] = [await make(), await make()];
    await get(one.id);
    const outcome = await changeStatuses(opened.context, someCall(), { ids: [one.id, two.id, absent], status: "disabled" });
    expect(outcome).toMatchObject({ updatedCount: 2, unknownIds: [absent] });
    expect([(await get(one.id)).status, (await get(two.id)).status]).toEqual(["disabled", "disabled"]);
  });
});

describe("a list of detectors", () => {
  const pagesOf = async (query: object): Promise<DetectorView[]> => {
    const seen: DetectorView[] = [];
    for (let cursor: string | undefined, page = 0; page < 20; page++) {
      const found = await findDetectors(opened.context, { ...query, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...found.items);
      if (found.next_cursor === null) return seen;
      cursor = found.next_cursor;
    }
    throw new Error("the pages do not end");
  };

  it.each([["lof"], ["lof,pca"], [" pca , lof "]])(
    "of %s is the same in pages of every size, newest first",
    async (algorithm_name) => {
      for (let i = 0; i < 5; i++) await make({ algorithm_name: i % 2 === 0 ? "lof" : "pca" });
      await make({ algorithm_name: "kde" });
      const all = await findDetectors(opened.context, { algorithm_name });
      expect(all.next_cursor).toBeNull();
      expect(all.items.every((view) => algorithm_name.includes(view.algorithm_name))).toBe(true);
      const times = all.items.map(({ created_at: time }) => Date.parse(time));
      expect(times).toEqual(times.toSorted((a, b) => b - a));
      for (const limit of [1, 2, 3]) expect(await pagesOf({ algorithm_name, limit })).toEqual(all.items);
    },
  );

  it("leaves out what has another status or is not fitted, also of several algorithms", async () => {
    const disabled = await make({ algorithm_name: "cof" });
    const other = await make({ algorithm_name: "mcd" });
    await changeStatuses(opened.context, someCall(), { ids: [disabled.id], status: "disabled" });
    const idsOf = async (query: object) => (await findDetectors(opened.context, query)).items.map(({ id }) => id);
    for (const algorithm_name of ["cof,mcd", "mcd,cof"]) {
      expect(await idsOf({ algorithm_name, status: "disabled" })).toEqual([disabled.id]);
      expect(await idsOf({ algorithm_name, is_fitted: false })).toEqual([other.id, disabled.id]);
      expect(await idsOf({ algorithm_name, is_fitted: true })).toEqual([]);
    }
    expect(await idsOf({ algorithm_name: "cof", status: other.status })).toEqual([]);
  });
});

describe("a header of tags", () => {
  it.each([
    ['"a"', true],
    ['"b", "a"', true],
    ["*", true],
    ['"b"', false],
    ["", false],
    ["a", false],
  ])('of %s lists "a": %j', (header, expected) => {
    expect(listsTag(header, '"a"')).toBe(expected);
  });
});
