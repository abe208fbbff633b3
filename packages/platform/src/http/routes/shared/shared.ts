/** What routes share: their definition, the call that they pass to services, and common replies. */

import { createHash } from "node:crypto";
import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest, FastifySchema } from "fastify";
import { Type } from "typebox";
import { earlierAnswer } from "../../../services/core/change.ts";
import type { Call, ServiceContext } from "../../../services/core/context.ts";
import { listsTag } from "../../../services/detectors/detectors.ts";
import type { JobAccepted } from "../../../services/jobs/enqueue.ts";
import type { RouteFacts } from "../../app.ts";
import { LargeBody } from "../../body/large-body.ts";
import { ModelBody } from "../../body/model-body.ts";
import { Id, strict } from "../../schemas/shared.ts";

const schemaParts = ["tags", "summary", "description", "params", "querystring", "body", "response"] as const;
type Schema = Pick<FastifySchema, (typeof schemaParts)[number]>;
type Known = RouteFacts & Schema & { readonly bodyLimit?: number };
/** Keys that would be neither checked nor known. */
type Unknown<Given> = { readonly [Name in Exclude<keyof Given, keyof Known>]: never };

/** Splits the one object that defines a route into the schema for Fastify and our own properties. */
export function route<Given extends Known>({ bodyLimit, ...given }: Given & Unknown<Given>) {
  const names: readonly string[] = schemaParts;
  const parts = (isSchema: boolean) =>
    Object.fromEntries(Object.entries(given).filter(([name]) => names.includes(name) === isSchema));
  const limit = bodyLimit === undefined ? {} : { bodyLimit };
  return { ...limit, config: parts(false) as RouteFacts, schema: parts(true) as Omit<Given, keyof RouteFacts> };
}

export const IdParams = Type.Object({ id: Id }, strict);

const problem = { "application/problem+json": { schema: Type.Ref("Problem") } };

export const meanings = {
  400: "the request is malformed: `field` names the part",
  401: "a key or token is needed, or the one given is not valid",
  403: "the key or token does not allow this",
  404: "there is nothing under this id",
  409: "the request does not fit the present state of the resource",
  412: "the resource has changed since it was read",
  413: "the body, the file or the data set is over a limit",
  415: "the route does not accept a body of this type",
  422: "the rows or the file cannot be used: `field` and `row_index` name the place",
  429: "the key has made more requests in a second than it may",
  500: "a fault of the service: its log has the cause under `request_id`",
  502: "a call to another server failed or is not allowed",
  503: "the service is overloaded, or waits for its database: see Retry-After",
  507: "the disk is full, or the quota is used up",
} as const;

type ProblemStatus = keyof typeof meanings;
const everywhere = [400, 401, 403, 429, 500, 503, 507] as const;

/** The errors that any route may answer, and those of the given statuses. */
export function problemsOf<const Status extends ProblemStatus>(...statuses: readonly Status[]) {
  const answers = [...everywhere, ...statuses].map((status) => [status, { description: meanings[status], content: problem }]);
  return Object.fromEntries(answers) as Readonly<
    Record<Status | (typeof everywhere)[number], { readonly description: string; readonly content: typeof problem }>
  >;
}

export function callOf(request: FastifyRequest): Call {
  return {
    actor: request.caller.actor,
    requestId: request.id,
    // A getter, since most requests are answered before anything uses the signal.
    get signal() {
      return request.stopSignal;
    },
    timeLeftMs: () => (request.deadline === undefined ? 0 : request.deadline.at - performance.now()),
    allowTime(ms) {
      if (request.deadline !== undefined) request.deadline.at = Math.max(request.deadline.at, performance.now() + ms);
    },
    idempotency: idempotencyOf(request),
  };
}

export const idempotencyKeyLengthMax = 200;

function idempotencyOf(request: FastifyRequest): Call["idempotency"] {
  const key = request.headers["idempotency-key"];
  if (key === undefined) return undefined;
  if (typeof key !== "string" || key === "" || key.length > idempotencyKeyLengthMax) {
    throw new NomalyError("REQUEST", `idempotency-key must be one text of 1 to ${idempotencyKeyLengthMax} letters`, {
      field: "idempotency-key",
    });
  }
  const hash = createHash("sha256").update(`${request.method} ${request.url}\n`);
  const body: unknown = request.body;
  if (body instanceof LargeBody) hash.update(body.checksum);
  else if (body instanceof ModelBody) hash.update(body.checksum);
  else if (body !== undefined) hash.update(JSON.stringify(body));
  return { key, requestHash: hash.digest("hex") };
}

/** Values of the examples in the description. */
export const exampleId = "0197f7a2-5d1c-7a3e-9a54-3c8f1f0b7d11";
export const otherExampleId = "0197f7a2-6e1d-7b10-8c21-0d4f6a2b9e55";
export const exampleRows = [
  { speed: 61.5, power: 130 },
  { speed: 12.1, power: 410 },
];

/** Header and reply of routes that may answer 304. */
export const ifNoneMatch = { "If-None-Match": "an ETag: the answer is 304 while nothing has changed" };
/** Header of routes that change a detector. */
export const ifMatch = { "If-Match": "an ETag: the answer is 412 when the detector has changed since" };
export const unchanged = Type.Null({ description: "not changed since it was read (If-None-Match)" });
export const removed = Type.Null({ description: "removed" });

/** Compares If-None-Match weakly, since a proxy may have made the tag weak. */
export function isUnchanged({ headers }: FastifyRequest, tag: string): boolean {
  const given = headers["if-none-match"];
  return given !== undefined && listsTag(given.replaceAll("W/", ""), tag);
}

/** Sends the answer of an earlier request with the same idempotency key; false when there was none. */
export async function answeredBefore(context: ServiceContext, call: Call, reply: FastifyReply): Promise<boolean> {
  const earlier = await earlierAnswer(context, call);
  if (earlier === undefined) return false;
  const { location } = earlier.response as { readonly location?: unknown };
  if (typeof location === "string") reply.header("location", location);
  void reply.code(earlier.status).header("idempotent-replayed", "true").send(earlier.response);
  return true;
}

/** Answers 202 with the place of the job. */
export function sendJob(reply: FastifyReply, job: JobAccepted): FastifyReply {
  return reply.code(202).header("location", job.location).send(job);
}

/** Milliseconds since `start`, rounded to microseconds. */
export function elapsedMs(start: number): number {
  return Math.round((performance.now() - start) * 1000) / 1000;
}
