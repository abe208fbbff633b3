/** The AWS SDK for object storage over our own HTTP client, which applies its allowed hosts, limits and retries to every call of the SDK. */

import { createReadStream } from "node:fs";
import { Readable } from "node:stream";
import type { S3Client } from "@aws-sdk/client-s3";
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
  /** The answer may be as large as a blob: it is streamed, not held in memory. */
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

/** Loads the SDK when it is called: loading takes a tenth of a second and 36 MB, which a service without object storage saves. */
export async function openS3Client({ client, endpoint, region, credentials }: S3Options): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  // The SDK makes one try: our HTTP client makes the others, since it can send a body again.
  const calling = { region, requestHandler: handlerOver(client), maxAttempts: 1 };
  return new S3Client({
    ...calling,
    endpoint,
    credentials: await credentialsOf(credentials, calling),
    forcePathStyle: true,
    // Set here, so that the SDK does not read them from environment variables meant for other programs.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableS3ExpressSessionAuth: true,
    // The signature, which every store checks, covers a checksum; some stores do not know the further ones of the SDK.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
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
      return fromTokenFile({ roleArn, webIdentityTokenFile, roleSessionName: "nomaly", clientConfig: { ...calling, endpoint } });
    }
  }
}

function handlerOver(client: HttpClient) {
  return {
    async handle(sent: SdkRequest, { abortSignal, requestTimeout, isLarge = false }: S3CallOptions = {}) {
      const { protocol, hostname, port, path, query, method, headers, body } = sent;
      const search = new URLSearchParams(query).toString();
      const request: HttpRequest = {
        url: `${protocol}//${hostname}${port === undefined ? "" : `:${port}`}${path}${search === "" ? "" : `?${search}`}`,
        method: method as "GET",
        headers,
        isRepeatable: method !== "POST",
        ...(body === undefined ? {} : { body }),
        ...(abortSignal === undefined ? {} : { signal: abortSignal }),
        ...(requestTimeout === undefined ? {} : { totalTimeoutMs: requestTimeout }),
        ...(isLarge ? { responseBytesMax: Number.MAX_SAFE_INTEGER } : {}),
      };
      const { status, headers: told, body: bytes } = await (isLarge ? client.stream(request) : client.request(request));
      return {
        response: { statusCode: status, headers: told, body: bytes instanceof Readable ? bytes : Readable.from([bytes]) },
      };
    },
  };
}

/** Makes the piece the body of the request, in a step of the SDK before it signs the request. */
export function carrying<Step extends { readonly request: unknown }>(step: Step, piece: FilePiece): Step {
  const request = step.request as SdkRequest;
  request.headers["content-length"] = String(piece.sizeBytes);
  request.headers["x-amz-content-sha256"] = piece.checksum;
  request.body = () => bytesOf(piece);
  return step;
}

export function bytesOf({ path, start, sizeBytes }: Omit<FilePiece, "checksum">): Readable {
  return createReadStream(path, sizeBytes === 0 ? {} : { start, end: start + sizeBytes - 1 });
}
