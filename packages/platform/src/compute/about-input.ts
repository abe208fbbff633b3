/** Estimates the share of the queue's limits that a piece of work takes, and names its input for errors. */

import type { OrderKind } from "./messages.ts";
import type { PoolWork } from "./pool/pool-work.ts";
import type { TrainWork } from "./work.ts";

/** A guess, as the rows of a body are not counted before a worker reads it. */
const bodyBytesPerRow = 100;
/** A guess of the time to read and score a body. */
const bodyMsPerMib = 30;

type LoadField = "rowCount" | "sizeBytes" | "estimateMs";
/** Waiting work whose input lies on disk takes no memory. */
export const nothingWaits = { rowCount: 0, sizeBytes: 0, estimateMs: 0 } as const;

export function aboutInput(input: TrainWork["input"]): Pick<PoolWork<OrderKind>, "subject" | "field" | "readsFile" | LoadField> {
  switch (input.kind) {
    case "rows": {
      const { rowCount, sizeBytes } = input;
      return { rowCount, sizeBytes, estimateMs: 0, subject: "data", field: "data", readsFile: false };
    }
    case "file":
      return { ...nothingWaits, subject: input.name, field: "file", readsFile: true };
    case "body": {
      const rowCount = Math.ceil(input.sizeBytes / bodyBytesPerRow);
      const estimateMs = (input.sizeBytes / 1024 ** 2) * bodyMsPerMib;
      return { rowCount, sizeBytes: 0, estimateMs, subject: "the body", field: "body", readsFile: true };
    }
  }
}
