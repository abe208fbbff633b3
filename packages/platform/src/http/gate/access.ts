/** Finds the caller of a request, by API key or token, and checks its scope. */

import type { IncomingHttpHeaders } from "node:http";
import { NomalyError } from "@nomaly/detect";
import { type Scope, scopes } from "../../config/scopes.ts";
import type { Caller } from "../../services/access/caller.ts";

export type { Caller, Scope };

/** Finds the caller of a key or token; undefined when it is not valid. */
export type Authenticate = (credential: string) => Promise<Caller | undefined>;

export interface AccessRules {
  readonly required: boolean;
  readonly authenticate: Authenticate;
}

/** The caller of a request without a key, on a service that needs none. */
export const unnamed: Caller = { actor: "local", scopes: ["admin"], isLimited: false };
/** The caller of a public route. */
export const nobody: Caller = { actor: "public", scopes: [], isLimited: false };

/** @throws NomalyError UNAUTHENTICATED when there is no credential, or it is not valid. */
export async function callerOf(credential: string | undefined, { authenticate }: AccessRules): Promise<Caller> {
  if (credential === undefined) {
    throw new NomalyError("UNAUTHENTICATED", "a key is needed: send it as `Authorization: Bearer KEY` or `X-API-Key: KEY`", {
      field: "authorization",
    });
  }
  const caller = await authenticate(credential);
  if (caller !== undefined) return caller;
  throw new NomalyError("UNAUTHENTICATED", "the key or token is not known, has ended or was revoked", { field: "authorization" });
}

const bearer = /^bearer +([^ ]+)/i;

/** The key or token of a request; undefined also for an empty header, or one of another scheme. */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const value = bearer.exec(headers.authorization ?? "")?.[1];
  if (value !== undefined) return value;
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : undefined;
}

/** @throws NomalyError FORBIDDEN naming the scope that is needed. */
export function requireScope(caller: Caller, needed: Scope): void {
  const highest = Math.max(...caller.scopes.map((scope) => scopes.indexOf(scope)));
  if (highest >= scopes.indexOf(needed)) return;
  const message = `this needs the scope "${needed}", the key has ${caller.scopes.join(", ") || "none"}`;
  throw new NomalyError("FORBIDDEN", message, { field: "authorization", expected: needed });
}
