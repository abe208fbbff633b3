/** Reads lists of any length, a page at a time, as the caller goes on. */

import type { Asked, CallOptions, Transport } from "./transport.ts";
import { json } from "./transport.ts";

/** Options of calls that list: they read a page at a time as the caller goes on. */
export interface ListOptions extends CallOptions {
  /** Items of one request, 1 to 1000; 100 by default. */
  readonly pageSize?: number | undefined;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** Yields items newest first, none twice and none left out while other clients write. */
export async function* listed<Item>(
  { call }: Transport,
  { query, ...rest }: Pick<Asked, "route" | "id" | "query">,
  { pageSize, ...options }: ListOptions = {},
): AsyncGenerator<Item, void> {
  let cursor: string | null | undefined;
  while (cursor !== null) {
    const asked = { ...rest, query: { ...query, limit: pageSize, cursor } };
    const page: Page<Item> = await call(asked, json<Page<Item>>, options);
    yield* page.items;
    cursor = page.next_cursor;
  }
}
