/** Writes the rows of a body as JSON in a worker, one object a line. */

import { createWriteStream } from "node:fs";
import { dirname } from "node:path";
import { mkdir } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError } from "@nomaly/detect";
import type { WriteRowsOrder } from "../../messages.ts";
import { rowLines } from "../../rows/row-lines.ts";
import type { WriteRowsOutcome } from "../../work.ts";
import { isDiskFull } from "../coded-error.ts";
import type { OrderContext } from "../order-context.ts";
import { readJsonBody } from "../read-body.ts";

export async function runWriteRows({ body, outputPath }: WriteRowsOrder, context: OrderContext): Promise<WriteRowsOutcome> {
  const { input, fields } = await readJsonBody(body, context.settings.limits, context.signal, true);
  await context.askPlan(fields);
  await mkdir(dirname(outputPath), { recursive: true });
  try {
    await pipeline(Readable.from(rowLines(input)), createWriteStream(outputPath, { mode: 0o600 }), {
      signal: context.signal,
    });
  } catch (error) {
    if (!isDiskFull(error)) throw error;
    throw new NomalyError("STORAGE", "the disk is full: nothing was stored", { field: "data", cause: error });
  }
  return { path: outputPath };
}
