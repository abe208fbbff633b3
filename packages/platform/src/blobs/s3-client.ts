/** The SDK for object storage over our own HTTP client: every call it makes is held to the allowed hosts, the limits and the tries of the others. */

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
      /** Of keys that are valid for a while only. */
      readonly sessionToken: string | undefined;
    }
  /** A token in a file, which whoever runs this process renews, is changed at `stsEndpoint` for keys that are valid for a while. */
  | { readonly kind: "role"; readonly roleArn: string; readonly webIdentityTokenFile: string; readonly stsEndpoint: string };

/** What the SDK gives to its handler with a request. */
export interface S3CallOptions {
  readonly abortSignal?: AbortSignal;
  readonly requestTimeout?: number;
  /** The answer is as large as a blob may be: it is not held in memory. */
  readonly isLarge?: boolean;
}

/** Bytes of a file as the body of a request: a try that fails is made again from their beginning. */
export interface FilePiece {
  readonly path: string;
  readonly start: number;
  readonly sizeBytes: number;
  /** SHA-256, in hexadecimal: the store refuses what does not arrive as it was. */
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

/** Loaded here and not with the file: it takes a tenth of a second and 36 MB, which a service without object storage does without. */
export async function openS3Client({ client, endpoint, region, credentials }: S3Options): Promise<S3Client> {
  const { S3Client } = await import("@aws-sdk/client-s3");
  // Tries are those of the client below, which knows a body that can be sent again.
  const calling = { region, requestHandler: handlerOver(client), maxAttempts: 1 };
  return new S3Client({
    ...calling,
    endpoint,
    credentials: await credentialsOf(credentials, calling),
    forcePathStyle: true,
    // What the environment of the process says of these is for other programs.
    useDualstackEndpoint: false,
    useFipsEndpoint: false,
    disableS3ExpressSessionAuth: true,
    // The checksum is part of the signature, which every store checks; further ones are not known to all of them.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    expectContinueHeader: false,
  });
}

/** The SDK's own search for credentials is not used: it calls cloud addresses and starts programs past the allowed hosts. */
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

/** The arguments of a step before the signature, with this piece as the body. */
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
