/** Tokens of a trusted issuer, checked against its key set. */

import { NomalyError } from "@nomaly/detect";
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { asFetch } from "../../http-client/as-fetch.ts";
import type { HttpClient } from "../../http-client/http-client.ts";
import type { ServiceContext } from "../core/context.ts";

/** Of asymmetric keys alone: a key set is public, so nothing that is signed with what it holds may count. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const clockToleranceSeconds = 30;
/** A key that is not among those known is looked for again, but not more often: anybody can name keys that do not exist. */
const cooldownMs = 5000;

/** Resolves to `undefined` for a token that is not valid. @throws NomalyError OUTGOING when the issuer's keys cannot be had. */
export function createVerify(
  { config }: Pick<ServiceContext, "config">,
  jwksUrl: string,
  client: HttpClient,
): (token: string) => Promise<JWTPayload | undefined> {
  const { jwtIssuer, jwtAudience } = config;
  const keySet = createRemoteJWKSet(new URL(jwksUrl), { cooldownDuration: cooldownMs, [customFetch]: asFetch(client) });
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
      if (error instanceof errors.JOSEError && !isAboutKeySet(error)) return undefined;
      const message = "whether the token is valid cannot be said: the key set of its issuer cannot be had";
      throw new NomalyError("OUTGOING", message, { field: "jwks_url", cause: error });
    }
  };
}

/** The token itself was not looked at. */
function isAboutKeySet({ code }: errors.JOSEError): boolean {
  return code === errors.JWKSTimeout.code || code === errors.JWKSInvalid.code || code === errors.JOSEError.code;
}
