/** Pages by key: a cursor names the last row of the previous page, so that writes meanwhile neither skip nor repeat a row. */

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

/** Rows read at once: the description of one data set may list thousands of columns. */
const stepRowCount = 50;
/** The longest page as JSON; a page has at least one item. */
const pageLengthMax = 4 * 1024 ** 2;

/**
 * A page of `limit` items, or of fewer if they would be too long together: then `next_cursor` is not null.
 * @param load reads some rows: each item with the key of its row.
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
    // One row more tells whether another page follows.
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
  return key === undefined ? null : Buffer.from(`${key.createdAt.toISOString()} ${key.id}`).toString("base64url");
}

function readCursor(cursor: string): PageKey {
  const [time = "", id = ""] = Buffer.from(cursor, "base64url").toString("utf8").split(" ");
  const createdAt = new Date(time);
  if (isId(id) && !Number.isNaN(createdAt.getTime())) return { createdAt, id };
  throw badCursor(cursor);
}

export function badCursor(cursor: string): NomalyError {
  const message = "cursor must be the next_cursor of a page before";
  return new NomalyError("REQUEST", message, { field: "cursor", received: cursor.slice(0, 80) });
}
