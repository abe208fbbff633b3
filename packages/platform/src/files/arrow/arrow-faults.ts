/** The coded errors about an Arrow file or body. */

import { NomalyError } from "@nomaly/detect";
import type { ArrowExcess } from "./arrow-counts.ts";
import { ArrowDamage } from "./arrow-flatbuffer.ts";

export interface ArrowFaults {
  damaged(finding: string): NomalyError;
  tooLarge(excess: ArrowExcess): NomalyError;
}

/** FILE_FORMAT and TOO_LARGE. */
export function faultsOfFile(name: string): ArrowFaults {
  return {
    damaged: (finding) =>
      new NomalyError("FILE_FORMAT", `${name} is damaged or not an Arrow IPC file: ${finding}`, { field: name }),
    tooLarge: ({ what, max, count }) =>
      new NomalyError("TOO_LARGE", `${name} has at least ${count} ${what}, at most ${max} are taken`, {
        field: name,
        expected: `at most ${max} ${what}`,
        received: String(count),
      }),
  };
}

/** REQUEST and TOO_LARGE. */
export const bodyFaults: ArrowFaults = {
  damaged: (finding) => new NomalyError("REQUEST", `the body is damaged or no Arrow IPC stream: ${finding}`, { field: "body" }),
  tooLarge: ({ what, max, count }) =>
    new NomalyError("TOO_LARGE", `the body has at least ${count} ${what}; a request may have ${max}`, {
      field: "body",
      expected: `at most ${max} ${what}`,
      received: String(count),
    }),
};

/** Turns what was found in the bytes into a coded error; other errors stay what they are. */
export function codedFault(error: unknown, faults: ArrowFaults): unknown {
  return error instanceof ArrowDamage ? faults.damaged(error.message) : error;
}
