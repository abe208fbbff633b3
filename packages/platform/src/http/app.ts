/** The type of the web application, and the properties that we add to Fastify's routes and requests. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Scope } from "./gate/access.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

/** Properties of a route besides its schema; the route itself sets them. */
export interface RouteFacts {
  /** The scope that a caller needs; `public` needs no key. */
  readonly scope?: Scope | "public";
  /** The load gate may refuse such requests when the service is overloaded. */
  readonly isCostly?: boolean;
  /** A POST that changes nothing and takes no idempotency key. */
  readonly onlyAsks?: boolean;
  /** Machines poll the route every few seconds, so its requests are logged at level `debug`. */
  readonly isPolled?: boolean;
  /** The guide wants this path without `/api`, too; the description lists it once. */
  readonly isStarred?: boolean;
  /** The handler gets a large body as a `LargeBody`. */
  readonly takesLargeBodies?: boolean;
  /** The route accepts bodies in Arrow, too; the handler gets them as a `LargeBody`, whatever their size. */
  readonly takesArrow?: boolean;
  /** The body is a model file; the handler gets it as a `ModelBody`. */
  readonly takesModel?: boolean;
  /** The answer goes on until the client leaves, without a time limit. */
  readonly isStream?: boolean;
  /** The time limit is extended while parts of the body arrive. */
  readonly isUpload?: boolean;
  /** For the description: an example of a body. */
  readonly example?: unknown;
  /** For the description: schemas of bodies by media type, where they differ from the schema that checks. */
  readonly sent?: Readonly<Record<string, object>>;
  /** For the description: request headers and what each does. */
  readonly takesHeaders?: Readonly<Record<string, string>>;
}

declare module "fastify" {
  interface FastifyContextConfig extends RouteFacts {}
  interface FastifyRequest {
    /** The answer of Node's HTTP server. */
    response: ServerResponse;
  }
}
