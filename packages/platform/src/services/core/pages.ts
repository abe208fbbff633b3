/** Pages by key: the cursor is the last row of the page before, so no row is skipped or doubled while others write. */

import { NomalyError } from "@nomaly/detect";
import { isId } from "../../ids/ids.ts";
import type { PageKey, PageRequest } from "../../store/tables/page.ts";

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

const defaultLimit = 100;

/** Rows asked for at once: some have thousands of columns in their description. */
const stepRowCount = 50;
/** Of one page as JSON; the first item is always there. */
const pageLengthMax = 4 * 1024 ** 2;

/**
 * A page of `limit` items, or of fewer where they would be too long together: the cursor says whether there are more.
 * @param load one step: each item with the row that its cursor is made of.
 */
export async function pageFrom<Item>(
  { limit = defaultLimit, cursor }: PageQuery,
  load: (page: PageRequest) => Promise<readonly { readonly view: Item; readonly key: PageKey }[]>,
): Promise<Page<Item>> {
  const items: Item[] = [];
  let length = 0;
  let after = cursor === undefined ? undefined : readCursor(cursor);
  while (items.length < limit) {
    const count = Math.min(stepRowCount, limit - items.length);
    // One more than asked for tells whether there are others.
    const found = await load({ limit: count + 1, after });
    for (const { view, key } of found.slice(0, count)) {
      length += JSON.stringify(view).length;
      if (length > pageLengthMax && items.length > 0) return { items, next_cursor: cursorOf(after) };
      items.push(view);
      after = key;
    }
    if (found.length <= count) return { items, next_cursor: null };
  }
  return { items, next_cursor: cursorOf(after) };
}

function cursorOf(key: PageKey | undefined): string | null {
  return key === undefined ? null : writeCursor(key);
}

function writeCursor({ createdAt, id }: PageKey): string {
  return Buffer.from(`${createdAt.toISOString()} ${id}`).toString("base64url");
}

function readCursor(cursor: string): PageKey {
  const [time = "", id = ""] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const createdAt = new Date(time);
  if (isId(id) && !Number.isNaN(createdAt.getTime())) return { createdAt, id };
  throw new NomalyError("REQUEST", "cursor must be the next_cursor of a page before", {
    field: "cursor",
    received: cursor.slice(0, 80),
  });
}
