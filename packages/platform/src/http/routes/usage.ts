/** The route that tells what takes how much of the quota. */

import { Type } from "typebox";
import type { ServiceContext } from "../../services/core/context.ts";
import { usage } from "../../services/operations/usage.ts";
import type { App } from "../app.ts";
import { problemsOf, route } from "./shared/shared.ts";

export function registerUsage(app: App, context: ServiceContext): void {
  app.get(
    "/api/usage",
    route({
      scope: "read",
      tags: ["usage"],
      summary: "how many bytes data sets, model versions and results take, and what they may take",
      response: { 200: Type.Ref("Usage"), ...problemsOf() },
    }),
    async (_request, reply) => reply.send((await usage(context)) as never),
  );
}
