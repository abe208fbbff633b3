import { describe, expect, it } from "vitest";
import type { PageKey, PageRequest } from "../../store/tables/page.ts";
import { pageFrom } from "./pages.ts";

/** Rows of one moment and of several, newest first. */
const rows: readonly PageKey[] = Array.from({ length: 250 }, (_, index) => ({
  createdAt: new Date(1_750_000_000_000 - Math.floor(index / 3) * 1000),
  id: `00000000-0000-7000-8000-${String(999 - index).padStart(12, "0")}`,
}));

const asked: PageRequest[] = [];
async function load(request: PageRequest) {
  asked.push(request);
  const { limit, after } = request;
  const from = after === undefined ? 0 : rows.findIndex(({ id }) => id === after.id) + 1;
  return rows.slice(from, from + limit).map((key) => ({ view: key.id, key }));
}

describe("pages", () => {
  it.each([[1], [7], [249], [250], [251]])("of %d rows give every row once, in order, and then end", async (limit) => {
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page <= rows.length; page++) {
      const { items, next_cursor: next } = await pageFrom({ limit, ...(cursor === undefined ? {} : { cursor }) }, load);
      expect(items.length).toBeLessThanOrEqual(limit);
      seen.push(...items);
      if (next === null) break;
      expect(items).toHaveLength(limit);
      cursor = next;
    }
    expect(seen).toEqual(rows.map(({ id }) => id));
  });

  it("have 100 rows when nothing is asked for, in steps that look for one more", async () => {
    asked.length = 0;
    const { items, next_cursor: next } = await pageFrom({}, load);
    expect(items).toHaveLength(100);
    expect(next).not.toBeNull();
    expect(asked).toEqual([
      { limit: 51, after: undefined },
      { limit: 51, after: rows[49] },
    ]);
  });

  it("end before 4 MiB, or behind one row that is longer than that, and leave out no row", async () => {
    const mib = 1024 ** 2;
    const lengths = [5 * mib, 1, 3 * mib, mib / 2, mib, 1, 1];
    const long = async ({ limit, after }: PageRequest) => {
      const found = await load({ limit, after });
      return found.map(({ view, key }) => ({ view: `${view}${"x".repeat(lengths[rows.indexOf(key)] ?? 0)}`, key }));
    };
    const pages: number[] = [];
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const { items, next_cursor: next } = await pageFrom({ limit: 7, ...(cursor === undefined ? {} : { cursor }) }, long);
      pages.push(items.length);
      seen.push(...items.map((item) => item.slice(0, 36)));
      cursor = next ?? undefined;
    } while (seen.length < 7);
    expect(pages.slice(0, 2)).toEqual([1, 3]);
    expect(seen.slice(0, 7)).toEqual(rows.slice(0, 7).map(({ id }) => id));
  });

  it("go on behind the time and id of the last row", async () => {
    const { next_cursor: next } = await pageFrom({ limit: 5 }, load);
    await pageFrom({ limit: 5, cursor: String(next) }, load);
    expect(asked.at(-1)).toEqual({ limit: 6, after: rows[4] });
  });

  const encoded = (text: string) => Buffer.from(text).toString("base64url");
  it.each([
    ["nothing", ""],
    ["no base64", "***"],
    ["a time without an id", encoded("2025-06-15T15:06:40.000Z")],
    ["an id without a time", encoded(` ${rows[0].id}`)],
    ["no time", encoded(`yesterday ${rows[0].id}`)],
    ["no id", encoded("2025-06-15T15:06:40.000Z 17")],
  ])("refuse a cursor of %s", async (_what, cursor) => {
    await expect(pageFrom({ cursor }, load)).rejects.toMatchObject({ code: "REQUEST", field: "cursor", received: cursor });
  });
});
