/** Tokens of a trusted issuer, checked against its key set. */

import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { asFetch } from "../http-client/as-fetch.ts";
import type { HttpClient } from "../http-client/http-client.ts";
import type { ServiceContext } from "./context.ts";

/** Of asymmetric keys alone: a key set is public, so nothing that is signed with what it holds may count. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const clockToleranceSeconds = 30;

/** Resolves to `undefined` for a token that is not valid. */
export function createVerify(
  { config }: Pick<ServiceContext, "config">,
  jwksUrl: string,
  client: HttpClient,
): (token: string) => Promise<JWTPayload | undefined> {
  const { jwtIssuer, jwtAudience } = config;
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
