import { Type } from "typebox";
import { pageOf } from "./shared.ts";

const nullable = Type.Union([Type.String(), Type.Null()]);

export const AuditEntry = Type.Object(
  {
    id: Type.String(),
    at: Type.String({ format: "date-time" }),
    actor: Type.String({ description: "the key or token, or `local`" }),
    action: Type.String({ description: "as in detector.create" }),
    subject_kind: Type.String(),
    subject_id: nullable,
    request_id: nullable,
    details: Type.Record(Type.String(), Type.Unknown()),
  },
  { $id: "AuditEntry" },
);
export const AuditList = pageOf(AuditEntry);
