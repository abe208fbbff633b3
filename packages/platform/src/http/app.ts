/** The type of the web application, and what routes and requests carry beyond Fastify's own. */

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type { FastifyBaseLogger, FastifyInstance } from "fastify";
import type { Scope } from "./gate/access.ts";

export type App = FastifyInstance<Server, IncomingMessage, ServerResponse, FastifyBaseLogger, TypeBoxTypeProvider>;

declare module "fastify" {
  interface FastifyContextConfig {
    /** What a caller needs; `public` asks nothing. */
    readonly scope?: Scope | "public";
    /** A body above a size comes as a `LargeBody`. */
    readonly takesLargeBodies?: boolean;
    /** Takes bodies in Arrow too, which come as a `LargeBody` whatever their size. */
    readonly takesArrow?: boolean;
    /** Goes on until the client leaves: has no time limit. */
    readonly isStream?: boolean;
    /** Has time as long as something of the body comes. */
    readonly isUpload?: boolean;
  }
  interface FastifyRequest {
    /** What its answer is written to. */
    response: ServerResponse;
  }
}
