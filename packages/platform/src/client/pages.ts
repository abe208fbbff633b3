/** Lists of any length: the pages behind them are asked for as they are needed. */

import type { Asked, CallOptions, Transport } from "./transport.ts";
import { json } from "./transport.ts";

export interface ListOptions extends CallOptions {
  /** Items asked for at once, 1 to 1000. */
  readonly pageSize?: number | undefined;
}

interface Page<Item> {
  readonly items: readonly Item[];
  readonly next_cursor: string | null;
}

/** Newest first. Nothing is skipped or doubled while others write. */
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
