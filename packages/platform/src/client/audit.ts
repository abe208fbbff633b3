/** Calls that list the changes of the service. */

import { listed, type ListOptions } from "./pages.ts";
import type { AuditEntry } from "./upkeep-types.ts";
import type { Transport } from "./transport.ts";

/** The call that lists who changed what. */
export interface Audit {
  /** Lists all changes, newest first; needs the scope `admin`. */
  list(options?: ListOptions): AsyncGenerator<AuditEntry, void>;
}

export function auditOf(transport: Transport): Audit {
  return { list: (options) => listed<AuditEntry>(transport, { route: "GET /api/audit" }, options) };
}
