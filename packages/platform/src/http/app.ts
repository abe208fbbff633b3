/** The type of the web application, and what routes and requests carry beyond Fastify's own. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Scope } from "./gate/access.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** What is to be known of a route beside its schema: stands where the route is defined, and nowhere else. */
export interface RouteFacts {
  /** What a caller needs; `public` asks nothing. */
  readonly scope?: Scope | "public";
  /** Much work: the gate refuses it when there is too much to do. */
  readonly isCostly?: boolean;
  /** Changes nothing, though it is no GET: takes no idempotency key. */
  readonly onlyAsks?: boolean;
  /** Machines ask it every few seconds: its lines in the log are of level `debug`. */
  readonly isPolled?: boolean;
  /** One of the starred paths of the guide: stands under `/api` and, not described again, without it. */
  readonly isStarred?: boolean;
  /** A body above a size comes as a `LargeBody`. */
  readonly takesLargeBodies?: boolean;
  /** Takes bodies in Arrow too, which come as a `LargeBody` whatever their size. */
  readonly takesArrow?: boolean;
  /** Goes on until the client leaves: has no time limit. */
  readonly isStream?: boolean;
  /** Has time as long as something of the body comes. */
  readonly isUpload?: boolean;
  /** For the description: a body to begin with, */
  readonly example?: unknown;
  /** what is sent, by media type, where the schema that checks it says something else, */
  readonly sent?: Readonly<Record<string, object>>;
  /** and headers that it takes, each with what it does. */
  readonly takesHeaders?: Readonly<Record<string, string>>;
}

declare module "fastify" {
  interface FastifyContextConfig extends RouteFacts {}
  interface FastifyRequest {
    /** What its answer is written to. */
    response: ServerResponse;
  }
}
