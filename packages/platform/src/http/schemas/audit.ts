/** Schemas of the audit log. */

import { Type } from "typebox";
import { nullable, pageOf } from "./shared.ts";

export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: "date-time" }),
    actor: Type.String({ description: "the id of the key or the subject of the token; `local` without keys" }),
    action: Type.String({ description: "what was done, such as `detector.create`" }),
    subject_kind: Type.String(),
    subject_id: nullable(Type.String()),
    request_id: nullable(Type.String()),
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: "AuditEntry" },
);
export const AuditList = pageOf(AuditEntry);
