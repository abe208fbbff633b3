/** Reads a page of a data set's file, or profiles its columns, in a worker. */

import type { InspectOrder, ReadPageOrder } from "../../messages.ts";
import type { FilePage, Inspected } from "../../work.ts";
import { withGivenFile } from "../open-file.ts";
import type { OrderContext } from "../order-context.ts";

export function readPage({ input, page, temporaryFolder }: ReadPageOrder, context: OrderContext): Promise<FilePage> {
  return withGivenFile(input, { temporaryFolder, threads: 1, ...context }, (file) => file.page(page));
}

export function inspectFile({ input, temporaryFolder }: InspectOrder, context: OrderContext): Promise<Inspected> {
  return withGivenFile(input, { temporaryFolder, threads: 1, ...context }, (file) => file.inspect());
}
