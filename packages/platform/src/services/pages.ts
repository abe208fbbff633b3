/** Pages by key: the cursor is the last row of the page before, so no row is skipped or doubled while others write. */

import { NomalyError } from "@nomaly/detect";
import { isId } from "../store/ids.ts";
import type { PageKey, PageRequest } from "../store/page.ts";

export interface PageQuery {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

const defaultLimit = 100;

/** @param load one page: each item with the row that its cursor is made of. */
export async function pageFrom<Item>(
  { limit = defaultLimit, cursor }: PageQuery,
  load: (page: PageRequest) => Promise<readonly { readonly view: Item; readonly key: PageKey }[]>,
): Promise<Page<Item>> {
  // One more than asked for tells whether there is another page.
  const found = await load({ limit: limit + 1, after: cursor === undefined ? undefined : readCursor(cursor) });
  const items = found.slice(0, limit);
  const last = found.length > limit ? items.at(-1) : undefined;
  return { items: items.map(({ view }) => view), next_cursor: last === undefined ? null : writeCursor(last.key) };
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
