/** Some rows of a file, read in a worker. */

import { readError } from "../../../files/read/read-error.ts";
import { type FilePage, pageOf } from "../../../files/read/read-page.ts";
import type { ReadPageOrder } from "../../messages.ts";
import { withFile } from "../open-file.ts";
import type { OrderContext } from "../order-context.ts";

export function readPage({ input, page, temporaryFolder }: ReadPageOrder, context: OrderContext): Promise<FilePage> {
  return withFile(input, { temporaryFolder, threads: 1, ...context }, async (source) => {
    try {
      return await pageOf(source, page);
    } catch (error) {
      throw readError(error, input.name, context.signal);
    }
  });
}
