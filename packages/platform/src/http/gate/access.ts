/** Who asks, and whether they may: API keys, tokens of a trusted issuer, or anybody on loopback when the operator left it so. */

import type { IncomingHttpHeaders } from "node:http";
import { NomalyError } from "@nomaly/detect";
import { type Scope, scopes } from "../../config/scopes.ts";
import type { Caller } from "../../services/access/caller.ts";

export type { Caller, Scope };

/** Finds the caller of a key or token; `undefined` when it is not valid. */
export type Authenticate = (credential: string) => Promise<Caller | undefined>;

export interface AccessRules {
  readonly required: boolean;
  readonly authenticate: Authenticate;
}

/** Whoever asks on a service that needs no key. */
export const unnamed: Caller = { actor: "local", scopes: ["admin"], isLimited: false };
/** Whoever asks for what everybody may see. */
export const nobody: Caller = { actor: "public", scopes: [], isLimited: false };

/** Never `unnamed`: who sends no credential is not asked about here. @throws NomalyError UNAUTHENTICATED. */
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

/** `undefined` also where a header that could hold one is empty, or of another scheme. */
export function credentialOf(headers: IncomingHttpHeaders): string | undefined {
  const value = bearer.exec(headers.authorization ?? "")?.[1];
  if (value !== undefined) return value;
  const key = headers["x-api-key"];
  return typeof key === "string" && key !== "" ? key : undefined;
}

/** @throws NomalyError FORBIDDEN naming what is needed. */
export function requireScope(caller: Caller, needed: Scope): void {
  const highest = Math.max(...caller.scopes.map((scope) => scopes.indexOf(scope)));
  if (highest >= scopes.indexOf(needed)) return;
  const message = `this needs the scope "${needed}", the key has ${caller.scopes.join(", ") || "none"}`;
  throw new NomalyError("FORBIDDEN", message, { field: "authorization", expected: needed });
}
