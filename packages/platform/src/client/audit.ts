/** Calls that list the changes of the service. */

import { listed, type ListOptions } from "./pages.ts";
import type { AuditEntry } from "./stored-types.ts";
import type { Transport } from "./transport.ts";

export interface Audit {
  /** Lists all changes, newest first; needs the scope `admin`. */
  list(options?: ListOptions): AsyncGenerator<AuditEntry, void>;
}

export function auditOf(transport: Transport): Audit {
  return { list: (options) => listed<AuditEntry>(transport, { route: "GET /api/audit" }, options) };
}
