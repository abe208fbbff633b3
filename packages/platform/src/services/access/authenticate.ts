/** Finds the caller that an API key or a token belongs to. */

import type { JWTPayload } from "jose";
import type { HttpClient } from "../../http-client/http-client.ts";
import { type Scope, scopes } from "../../config/scopes.ts";
import type { Caller } from "./caller.ts";
import type { ServiceContext } from "../core/context.ts";
import { ownerOfKey } from "./keys.ts";
import type { createVerify } from "./verify-token.ts";

/** Resolves to `undefined` for an invalid credential. @throws NomalyError when the database or the token's issuer does not answer. */
export function createAuthenticate(
  context: ServiceContext,
  client: HttpClient,
): (credential: string) => Promise<Caller | undefined> {
  const verify = verifier(context, client);
  return async (credential) => {
    if (credential.startsWith("nomaly_")) {
      const owner = await ownerOfKey(context, credential);
      return owner === undefined ? undefined : { actor: `api-key:${owner.id}`, scopes: known(owner.scopes), isLimited: true };
    }
    const payload = await verify?.(credential);
    const subject = subjectOf(payload);
    if (payload === undefined || subject === undefined) return undefined;
    return { actor: `token:${subject}`, scopes: known(scopesOf(payload)), isLimited: true };
  };
}

const visible = /[^\p{C}\p{Z}]/u;

/** The subject goes into the audit log, so it must have a visible character, and no NUL, which PostgreSQL cannot store. */
function subjectOf(payload: JWTPayload | undefined): string | undefined {
  // The types of the claims promise nothing: the issuer may have written anything.
  const subject: unknown = payload?.sub;
  return typeof subject === "string" && visible.test(subject) && !subject.includes("\0") ? subject : undefined;
}

type Verify = ReturnType<typeof createVerify>;

/** Loads the token library with the first token. */
function verifier(context: ServiceContext, client: HttpClient): Verify | undefined {
  const { jwksUrl } = context.config;
  if (jwksUrl === undefined) return undefined;
  let loaded: Promise<Verify> | undefined;
  return async (token) => {
    loaded ??= import("./verify-token.ts").then((module) => module.createVerify(context, jwksUrl, client));
    return (await loaded)(token);
  };
}

/** `scope` is a text of words (RFC 8693); some issuers write a list, `scopes`, instead. */
function scopesOf({ scope, scopes: list }: JWTPayload): readonly string[] {
  if (typeof scope === "string") return scope.split(" ");
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

function known(names: readonly string[]): readonly Scope[] {
  return names.filter((name): name is Scope => (scopes as readonly string[]).includes(name));
}
