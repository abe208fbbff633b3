/** Checks every request before its body is read: finds its caller, applies scope and rate limit, and starts its time limit. */

import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { Config } from "../../config/settings.ts";
import { type AccessRules, type Caller, callerOf, credentialOf, nobody, requireScope, type Scope, unnamed } from "./access.ts";
import type { App } from "../app.ts";
import { createDeadlines, type Deadline } from "./deadlines.ts";
import { endWithin } from "./ending.ts";
import type { OtherOrigins } from "./other-origins.ts";
import { createRateLimit, type SharedCounts } from "./rate-limit.ts";
import { SeenKeys } from "./seen-keys.ts";
import { requireSameOrigin } from "./same-origin.ts";
import { whenOver } from "./when-over.ts";

declare module "fastify" {
  interface FastifyRequest {
    caller: Caller;
    deadline: Deadline | undefined;
    /** Fires when the client has left or the request has reached its time limit. */
    readonly stopSignal: AbortSignal;
  }
}

/** An upload may take as long as it never pauses for longer than this. */
export const uploadIdleMsMax = 20_000;

/** Invalid keys that an address may send in a second: each may cost a query of the database. */
const failuresMax = 50;

export interface GuardOptions {
  readonly access: AccessRules;
  readonly config: Config;
  /** The counts of all processes; without them each process counts alone. */
  readonly sharedCounts?: SharedCounts | undefined;
  readonly others: OtherOrigins;
  readonly sendProblem: (error: unknown, request: FastifyRequest, reply: FastifyReply) => FastifyReply;
}

export function guardRequests(app: App, { access, config, sharedCounts, others, sendProblem }: GuardOptions): void {
  const limitMs = config.requestTimeoutS * 1000;
  const rates = createRateLimit({ limit: config.rateLimit, windowMs: 1000, shared: sharedCounts });
  const deadlines = createDeadlines((reply, error) => {
    // The rest of the body is not read, so the connection cannot be used again.
    reply.header("connection", "close");
    sendProblem(error, reply.request, reply);
    reply.raw.once("finish", () => reply.request.raw.destroy());
  });
  const identify = createIdentify(access);
  const limitRate = (request: FastifyRequest, reply: FastifyReply): void => {
    if (!request.caller.isLimited) return;
    const { isAllowed, limit, remaining, resetSeconds } = rates.take(request.caller.actor);
    reply.header("ratelimit-limit", String(limit));
    reply.header("ratelimit-remaining", String(remaining));
    reply.header("ratelimit-reset", String(resetSeconds));
    if (isAllowed) return;
    const details = { field: "rate_limit", expected: `${limit} a second` };
    throw new NomalyError("RATE_LIMITED", `this key may make ${limit} requests a second`, details);
  };
  endWithin(app, config.shutdownTimeoutS * 1000, (reason) => deadlines.endStreams(reason));
  app.addHook("onClose", async () => deadlines.close());
  app.decorateRequest("caller");
  app.decorateRequest("deadline");
  app.decorateRequest("stopSignal", {
    getter(this: FastifyRequest) {
      return this.deadline?.signal ?? AbortSignal.abort(new NomalyError("ABORTED", "the request is over"));
    },
  });
  app.addHook("onRequest", (request, reply, done) => {
    const { isStream, isUpload } = request.routeOptions.config;
    const ownLimitMs = isStream === true ? Infinity : isUpload === true ? Math.max(limitMs, uploadIdleMsMax) : limitMs;
    request.deadline = deadlines.start(request, reply, ownLimitMs);
    // A stream that its client leaves runs no `onResponse` hook.
    if (isStream === true) whenOver(reply.raw, () => request.deadline?.end());
    request.caller = nobody;
    done();
  });
  app.addHook("onRequest", (request, reply, proceed) => {
    const { scope = "admin" } = request.routeOptions.config;
    if (scope === "public" || request.is404) return proceed();
    const credential = credentialOf(request.headers);
    // Every request without a credential comes here, whatever its headers hold.
    if (credential === undefined && !access.required) {
      requireSameOrigin(request.raw, others.isListed);
      request.caller = unnamed;
      return proceed();
    }
    const named = identify(request, credential, scope).then(() => limitRate(request, reply));
    named.then(() => proceed(), proceed);
  });
  app.addHook("onResponse", (request, _reply, done) => {
    request.deadline?.end();
    done();
  });
}

type Identify = (request: FastifyRequest, credential: string | undefined, scope: Scope) => Promise<void>;

function createIdentify(access: AccessRules): Identify {
  const failures = createRateLimit({ limit: failuresMax, windowMs: 1000 });
  const valid = new SeenKeys();
  return async (request, credential, scope) => {
    const address = `address ${request.ip}`;
    const shown = credential ?? "";
    if (failures.isOver(address) && !valid.has(shown)) throw tooManyFailures();
    try {
      request.caller = await callerOf(credential, access);
    } catch (error) {
      // An error of the database does not mean that the key is invalid.
      if (!(error instanceof NomalyError) || error.code !== "UNAUTHENTICATED") throw error;
      valid.remove(shown);
      if (!failures.take(address).isAllowed) throw tooManyFailures();
      throw error;
    }
    valid.add(shown);
    requireScope(request.caller, scope);
  };
}

function tooManyFailures(): NomalyError {
  const message = `this address sent too many invalid keys: at most ${failuresMax} a second are checked`;
  return new NomalyError("RATE_LIMITED", message, { field: "authorization" });
}
