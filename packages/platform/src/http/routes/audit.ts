/** The route that lists all changes. */

import { Type } from "typebox";
import { findAuditEntries } from "../../services/operations/audit.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import type { App } from "../app.ts";
import { AuditList } from "../schemas/audit.ts";
import { PageQuery, strict } from "../schemas/shared.ts";
import { problemsOf, route } from "./shared/shared.ts";

export function registerAudit(app: App, context: ServiceContext): void {
  app.get(
    "/api/audit",
    route({
      scope: "admin",
      tags: ["audit"],
      summary: "every change, newest first",
      querystring: Type.Object(PageQuery, strict),
      response: { 200: AuditList, ...problemsOf() },
    }),
    async (request, reply) => reply.send((await findAuditEntries(context, request.query)) as never),
  );
}
