/** Verifies tokens of a trusted issuer with its key set (JWKS). */

import { NomalyError } from "@nomaly/detect";
import { createRemoteJWKSet, customFetch, errors, type JWTPayload, jwtVerify } from "jose";
import { asFetch } from "../../http-client/as-fetch.ts";
import type { HttpClient } from "../../http-client/http-client.ts";
import type { ServiceContext } from "../core/context.ts";

/** Only asymmetric algorithms: the key set is public, so anybody could sign with a symmetric key in it. */
const algorithms = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519"];
const clockToleranceSeconds = 30;
/** A token with an unknown key makes us fetch the key set again, but not more often than this: anybody can name keys that do not exist. */
const cooldownMs = 5000;

/** Resolves to `undefined` for an invalid token. @throws NomalyError OUTGOING when the issuer's key set cannot be fetched. */
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
      const message = "the token cannot be verified: the key set of its issuer cannot be fetched";
      throw new NomalyError("OUTGOING", message, { field: "jwks_url", cause: error });
    }
  };
}

/** True when the key set could not be fetched or read, so that the token was not checked. */
function isAboutKeySet({ code }: errors.JOSEError): boolean {
  return code === errors.JWKSTimeout.code || code === errors.JWKSInvalid.code || code === errors.JOSEError.code;
}
