/** What happens to every request before its body is read: whether it is let in, who sends it, when it ends. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Config } from "../config/settings.ts";
import { type AccessRules, type Caller, callerOf, nobody, requireScope } from "./access.ts";
import { type Admission, refuse } from "./admission.ts";
import type { App } from "./app.ts";
import { createDeadlines, type Deadline } from "./deadlines.ts";
import { securityHeaders } from "./security-headers.ts";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller;
    deadline: Deadline | undefined;
    isAdmitted: boolean;
    /** Fires when the client has left or the time of the request is over. */
    readonly stopSignal: AbortSignal;
  }
}

/** An upload goes on as long as something of it comes. */
export const uploadIdleMsMax = 20_000;

export interface GuardOptions {
  readonly access: AccessRules;
  readonly admission: Admission;
  readonly config: Config;
  readonly sendProblem: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

export function guardRequests(app: App, { access, admission, config, sendProblem }: GuardOptions): void {
  const limitMs = config.requestTimeoutS * 1000;
  const deadlines = createDeadlines((reply, error) => {
    // The rest of the body is not waited for.
    reply.header("connection", "close");
    sendProblem(error, reply.request, reply);
    reply.raw.once("finish", () => reply.request.raw.destroy());
  });
  app.addHook("onClose", async () => deadlines.close());
  app.decorateRequest("caller");
  app.decorateRequest("deadline");
  app.decorateRequest("isAdmitted", false);
  app.decorateRequest("stopSignal", {
    getter(this: FastifyRequest) {
      return this.deadline?.signal ?? AbortSignal.abort(new NomalyError("ABORTED", "the request is over"));
    },
  });
  app.addHook("onRequest", (request, reply, done) => {
    reply.headers(securityHeaders);
    reply.header("x-request-id", request.id);
    const { isCostly, isStream, isUpload } = request.routeOptions.config;
    if (isCostly === true) {
      const why = admission.refusal(request);
      if (why !== undefined) return refuse(request, reply, why);
      request.isAdmitted = true;
    }
    const ownLimitMs = isStream === true ? Infinity : isUpload === true ? Math.max(limitMs, uploadIdleMsMax) : limitMs;
    request.deadline = deadlines.start(request, reply, ownLimitMs);
    request.caller = nobody;
    done();
  });
  app.addHook("onRequest", async (request) => {
    const { scope = "admin" } = request.routeOptions.config;
    if (scope === "public" || request.is404) return;
    request.caller = await callerOf(request.headers, access);
    requireScope(request.caller, scope);
  });
  app.addHook("onResponse", (request, _reply, done) => {
    request.deadline?.end();
    if (request.isAdmitted) admission.left(request);
    done();
  });
}
