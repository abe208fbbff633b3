/** The sender of a request and its permissions. */

import type { Scope } from "../../config/scopes.ts";

export interface Caller {
  /** For the audit log and the limits: "api-key:<id>", "token:<subject>" or "local". */
  readonly actor: string;
  readonly scopes: readonly Scope[];
  /** False for a caller that needs no key, whose requests have no rate limit. */
  readonly isLimited: boolean;
}
