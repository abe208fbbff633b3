/** Schemas of the audit log. */

import { Type } from "typebox";
import { nullable, pageOf, timeOf } from "./shared.ts";

export const AuditEntry = Type.Object(
  {
    id: Type.String({ description: "a whole number as a text, larger for later changes" }),
    at: timeOf("when it was changed"),
    actor: Type.String({
      description:
        "who made the change: `api-key:ID`, `token:SUBJECT`, `schedule:ID`, `cli:USER`, or `local` where the service asks for no key",
    }),
    action: Type.String({ description: "what was done, such as `detector.create`" }),
    subject_kind: Type.String({ description: "what was changed: dataset, detector, result, job, schedule or api-key" }),
    subject_id: nullable(Type.String(), "id of what was changed; null where one change concerns several"),
    request_id: nullable(
      Type.String(),
      "the request that asked for the change, as in the log; for a schedule its id; null for a change by the command",
    ),
    details: Type.Record(Type.String(), Type.Unknown(), {
      description: "more about the change, by action, such as the fields that a detector.change has changed",
    }),
  },
  { $id: "AuditEntry", description: "one change: who changed what and when" },
);
export const AuditList = pageOf(AuditEntry);
