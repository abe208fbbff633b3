/** What the two loops need of a run. */

import type { Reply } from "../http/connection.ts";
import type { Phases } from "./phases.ts";

export interface LoopControl {
  readonly phases: Phases;
  readonly signal: AbortSignal;
  /** Ends early with the signal. */
  readonly pause: (milliseconds: number) => Promise<void>;
  /** The request that begins at this time, and what counts its reply. */
  readonly begin: (intended: number) => { readonly request: string; readonly note: (reply: Reply, elapsedMs: number) => void };
}
