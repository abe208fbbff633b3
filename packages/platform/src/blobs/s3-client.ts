/** The AWS SDK for object storage over our own HTTP client, which applies its allowed hosts, limits and retries to every call of the SDK. */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { S3Client, S3ClientConfig, S3ServiceException } from "@aws-sdk/client-s3";
import { NomalyError } from "@nomaly/detect";
import type { HttpClient, HttpRequest } from "../http-client/http-client.ts";

export interface S3Options {
  readonly client: HttpClient;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly credentials: S3Credentials;
}

export type S3Credentials =
  | {
      readonly kind: "keys";
      readonly accessKeyId: string;
      readonly secretAccessKey: string;
      /** Belongs to temporary keys. */
      readonly sessionToken: string | undefined;
    }
  /** `stsEndpoint` gives temporary keys for the token in a file, which the operator renews. */
  | { readonly kind: "role"; readonly roleArn: string; readonly webIdentityTokenFile: string; readonly stsEndpoint: string };

/** Options that the SDK passes to its request handler. */
export interface S3CallOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number;
  /** The first byte of the answer may take as long as all of it: the store works on the whole upload before it answers. */
  readonly isSlow?: boolean;
  /** The answer is as large as a blob may be: it is not held in memory. */
  readonly isLarge?: boolean;
}

/** A part of a file that is the body of a request; a retry reads it again from its beginning. */
export interface FilePiece {
  readonly path: string;
  readonly start: number;
  readonly sizeBytes: number;
  /** SHA-256, in hexadecimal: the store refuses bytes with another checksum. */
  readonly checksum: string;
}

interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly path: string;
  readonly query: Record<string, string>;
  readonly method: string;
  readonly headers: Record<string, string>;
  body?: HttpRequest["body"];
}

/** What the SDK would otherwise read from the environment of the process, which is for other programs, or ask past the allowed hosts. */
const notFromEnvironment = {
  defaultsMode: "standard",
  retryMode: "standard",
  // Tries are those of our client, which knows a body that can be sent again.
  maxAttempts: 1,
  useDualstackEndpoint: false,
  useFipsEndpoint: false,
  useArnRegion: false,
  authSchemePreference: ["sigv4"],
  sigv4aSigningRegionSet: async () => undefined,
  userAgentAppId: "",
  disableS3ExpressSessionAuth: true,
  // The checksum is part of the signature, which every store checks; further ones are not known to all of them.
  requestChecksumCalculation: "WHEN_REQUIRED",
  responseChecksumValidation: "WHEN_REQUIRED",
} satisfies S3ClientConfig;

/** A large upload may take longer than other calls: so many bytes a second at least. */
const bytesPerSecondMin = 1_000_000;
const callMsMin = 60_000;
const callMsMax = 3_600_000;

/** An error's answer may be as large as it likes; its code stands at the beginning. */
const errorBytesMax = 64 * 1024;

export function defaultStsEndpoint(region: string): string {
  return `https://sts.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

/** Loaded here and not with the file: it takes a tenth of a second and 36 MB, which a service without object storage does without. */
export async function openS3Client({ client, endpoint, region, credentials }: S3Options): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  const calling = { ...notFromEnvironment, region, requestHandler: handlerOver(client) };
  return new S3Client({
    ...calling,
    endpoint,
    credentials: await credentialsOf(credentials, calling),
    forcePathStyle: true,
    expectContinueHeader: false,
  });
}

/** Replaces the SDK's own search for credentials, which calls cloud addresses and starts programs past the allowed hosts. */
async function credentialsOf(
  credentials: S3Credentials,
  calling: object,
): Promise<NonNullable<S3Client["config"]["credentials"]>> {
  switch (credentials.kind) {
    case "keys": {
      const { accessKeyId, secretAccessKey, sessionToken } = credentials;
      const keys = { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
      return async () => keys;
    }
    case "role": {
      const { fromTokenFile } = await import("@aws-sdk/credential-provider-web-identity");
      const { roleArn, webIdentityTokenFile, stsEndpoint: endpoint } = credentials;
      const clientConfig = { ...calling, endpoint };
      const keys = fromTokenFile({ roleArn, webIdentityTokenFile, roleSessionName: "nomaly", clientConfig });
      return () => keys().catch((error: unknown) => Promise.reject(noKeys(error)));
    }
  }
}

/** An error of its own: what the token service answers says nothing about the object that was asked for. */
function noKeys(error: unknown): NomalyError {
  const prefix = "no keys for the role: ";
  if (error instanceof NomalyError) return error.retold({ prefix });
  const why = whyOf(error);
  return new NomalyError("STORAGE", prefix + why, { field: "s3_role_arn", received: why, cause: error });
}

export function statusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as Partial<S3ServiceException>;
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}

/** The SDK's errors are named by the code that the other side gave; it adds lines for programmers to what has none. */
export function whyOf(error: unknown): string {
  const { name, message } = error as Error;
  const status = statusOf(error);
  return status === undefined ? message.split("\n", 1)[0] : `status ${status} (${name.slice(0, 80)})`;
}

function handlerOver(client: HttpClient) {
  return {
    async handle(sent: SdkRequest, { abortSignal, requestTimeout, isLarge = false, isSlow = false }: S3CallOptions = {}) {
      const { protocol, hostname, port, path, query, method, headers, body } = sent;
      const search = new URLSearchParams(query).toString();
      const request: HttpRequest = {
        url: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search === "" ? "" : `?${search}`}`,
        method: method as "GET",
        headers,
        // Also what is sent by POST: to begin or complete an upload, or ask for keys. Parts of an upload begun twice go with the upkeep.
        isRepeatable: true,
        ...(body === undefined ? {} : { body }),
        ...(abortSignal === undefined ? {} : { signal: abortSignal }),
        ...(requestTimeout === undefined
          ? {}
          : { totalTimeoutMs: requestTimeout, ...(isSlow ? { headersTimeoutMs: requestTimeout } : {}) }),
        ...(isLarge ? { responseBytesMax: Number.MAX_SAFE_INTEGER } : {}),
      };
      const { status, headers: told, body: bytes } = await (isLarge ? client.stream(request) : client.request(request));
      const whole = bytes instanceof Readable && status >= 300 ? await beginningOf(bytes) : bytes;
      return {
        response: { statusCode: status, headers: told, body: whole instanceof Readable ? whole : Readable.from([whole]) },
      };
    },
  };
}

async function beginningOf(body: Readable): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let sizeBytes = 0;
  for await (const piece of body) {
    pieces.push(piece as Uint8Array);
    sizeBytes += (piece as Uint8Array).length;
    if (sizeBytes >= errorBytesMax) break;
  }
  return Buffer.concat(pieces).subarray(0, errorBytesMax);
}

/** The arguments of a step before the signature, with this piece as the body. */
export function carrying<Step extends { readonly request: unknown }>(step: Step, piece: FilePiece): Step {
  const request = step.request as SdkRequest;
  request.headers["content-length"] = String(piece.sizeBytes);
  request.headers["x-amz-content-sha256"] = piece.checksum;
  request.body = () => bytesOf(piece);
  return step;
}

/** @param sizeBytes how many are sent, received or put together. */
export function optionsFor(sizeBytes: number, signal: AbortSignal | undefined): S3CallOptions {
  const requestTimeout = Math.min(callMsMax, callMsMin + (sizeBytes / bytesPerSecondMin) * 1000);
  return { requestTimeout, ...(signal === undefined ? {} : { abortSignal: signal }) };
}

export function bytesOf({ path, start, sizeBytes }: Omit<FilePiece, "checksum">): Readable {
  return createReadStream(path, sizeBytes === 0 ? {} : { start, end: start + sizeBytes - 1 });
}
