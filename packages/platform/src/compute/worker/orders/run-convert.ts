/** Writes the rows of a result in another format, in a worker. */

import { mkdirSync, rmSync, statSync } from "node:fs";
import { convertParquet } from "../../../files/convert-parquet.ts";
import type { ConvertOrder } from "../../messages.ts";
import type { ConvertOutcome } from "../../work.ts";
import type { OrderContext } from "../order-context.ts";

export async function runConvert(order: ConvertOrder, { signal, settings }: OrderContext): Promise<ConvertOutcome> {
  const { kind: _, temporaryFolder, isSpreadsheetSafe = false, hasDecimalCommas = false, ...given } = order;
  mkdirSync(temporaryFolder, { recursive: true });
  try {
    const memoryMib = settings.databaseMibMax;
    const form = { isSpreadsheetSafe, hasDecimalCommas };
    await convertParquet({ ...given, ...form, threadCount: 1, memoryMib, temporaryFolder, signal });
    return { sizeBytes: statSync(order.toPath).size };
  } finally {
    rmSync(temporaryFolder, { recursive: true, force: true });
  }
}
