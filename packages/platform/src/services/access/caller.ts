/** Whoever sends a request, and what they may do. */

import type { Scope } from "../../config/scopes.ts";

export interface Caller {
  /** For the audit log and the limits: "api-key:<id>", "token:<subject>" or "local". */
  readonly actor: string;
  readonly scopes: readonly Scope[];
  /** False for who needs no key: their requests are not counted against a limit. */
  readonly isLimited: boolean;
}
