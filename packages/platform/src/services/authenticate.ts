/** Who a key or token belongs to. */

import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { asFetch } from "../http-client/as-fetch.ts";
import type { HttpClient } from "../http-client/http-client.ts";
import type { Caller, Scope } from "./caller.ts";
import { scopes } from "./caller.ts";
import type { ServiceContext } from "./context.ts";
import { ownerOfKey } from "./keys.ts";

/** Of asymmetric keys alone: a key set is public, so nothing that is signed with what it holds may count. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const clockToleranceSeconds = 30;

/** Resolves to `undefined` for a credential that is not valid. @throws NomalyError when what knows it is away. */
export function createAuthenticate(
  context: ServiceContext,
  client: HttpClient,
): (credential: string) => Promise<Caller | undefined> {
  const verify = createVerify(context, client);
  return async (credential) => {
    if (credential.startsWith("nomaly_")) {
      const owner = await ownerOfKey(context, credential);
      return owner === undefined ? undefined : { actor: `api-key:${owner.id}`, scopes: known(owner.scopes), isLimited: true };
    }
    const payload = await verify?.(credential);
    if (payload?.sub === undefined) return undefined;
    return { actor: `token:${payload.sub}`, scopes: known(scopesOf(payload)), isLimited: true };
  };
}

function createVerify(
  { config }: ServiceContext,
  client: HttpClient,
): ((token: string) => Promise<JWTPayload | undefined>) | undefined {
  const { jwksUrl, jwtIssuer, jwtAudience } = config;
  if (jwksUrl === undefined) return undefined;
  const keySet = createRemoteJWKSet(new URL(jwksUrl), { [customFetch]: asFetch(client) });
  const options = {
    algorithms,
    clockTolerance: clockToleranceSeconds,
    requiredClaims: ["sub", "exp"],
    ...(jwtIssuer === undefined ? {} : { issuer: jwtIssuer }),
    ...(jwtAudience === undefined ? {} : { audience: jwtAudience }),
  };
  return async (token) => {
    try {
      return (await jwtVerify(token, keySet, options)).payload;
    } catch (error) {
      if (error instanceof errors.JOSEError && !(error instanceof errors.JWKSTimeout)) return undefined;
      throw error;
    }
  };
}

/** `scope` is a text of words (RFC 8693), `scopes` a list as some issuers write it. */
function scopesOf({ scope, scopes: list }: JWTPayload): readonly string[] {
  if (typeof scope === "string") return scope.split(" ");
  return Array.isArray(list) ? list.filter((item) => typeof item === "string") : [];
}

function known(names: readonly string[]): readonly Scope[] {
  return names.filter((name): name is Scope => (scopes as readonly string[]).includes(name));
}
