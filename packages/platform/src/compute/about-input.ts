/** What waiting takes of memory and time for an input, and what errors call it. */

import type { OrderKind } from "./messages.ts";
import type { PoolWork } from "./pool/pool-work.ts";
import type { RowsGiven } from "./rows/rows-given.ts";
import type { BodyGiven, TrainWork } from "./work.ts";

/** Bytes of a body for a row, roughly: until it is read nobody knows its rows. */
const bodyBytesPerRow = 100;
/** Reading and scoring a body, roughly. */
const bodyMsPerMib = 30;

type About = Pick<PoolWork<OrderKind>, "subject" | "field" | "readsFile" | LoadField>;

/** A file or body waits on disk, and takes nothing. */
export function aboutInput(input: TrainWork["input"]): About {
  switch (input.kind) {
    case "rows":
      return { ...loadOfRows(input), subject: "data", field: "data", readsFile: false };
    case "file":
      return { ...nothingWaits, subject: input.name, field: "file", readsFile: true };
    case "body":
      return { ...loadOfBody(input), subject: "the body", field: "body", readsFile: true };
  }
}

type LoadField = "rowCount" | "sizeBytes" | "estimateMs";
export const nothingWaits = { rowCount: 0, sizeBytes: 0, estimateMs: 0 } as const;

function loadOfRows({ rowCount, sizeBytes }: RowsGiven): Pick<PoolWork<OrderKind>, LoadField> {
  return { rowCount, sizeBytes, estimateMs: 0 };
}

function loadOfBody({ sizeBytes }: BodyGiven): Pick<PoolWork<OrderKind>, LoadField> {
  const estimateMs = (sizeBytes / 1024 ** 2) * bodyMsPerMib;
  return { rowCount: Math.ceil(sizeBytes / bodyBytesPerRow), sizeBytes: 0, estimateMs };
}
