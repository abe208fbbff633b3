/** Sends one request over one connection and reads its answer, within all limits but the total time. */

import { Readable } from "node:stream";
import type { Dispatcher } from "undici";
import { NomalyError } from "@nomaly/detect";
import type { ConnectionLease } from "./connection-pool.ts";
import { outgoingError } from "./outgoing-error.ts";

export type HttpMethod = "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE";

/** A function makes a new stream for each try. */
export type RequestBody = string | Uint8Array | (() => Readable);

export interface ExchangeRequest {
  readonly url: URL;
  readonly method: HttpMethod;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: RequestBody | undefined;
  readonly headersTimeoutMs: number;
  /** Longest wait between two chunks of the body. */
  readonly bodyTimeoutMs: number;
  readonly responseBytesMax: number;
  readonly signal: AbortSignal;
}

export interface Exchange {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Fails when the body is over the limit. Its end, or its destruction, gives the connection back. */
  readonly body: Readable;
}

export async function exchange(lease: ConnectionLease, request: ExchangeRequest): Promise<Exchange> {
  const { url, method, headers, body, headersTimeoutMs, bodyTimeoutMs, signal } = request;
  try {
    const answer = await lease.client.request({
      path: url.pathname + url.search,
      method,
      headers,
      body: typeof body === "function" ? body() : (body ?? null),
      headersTimeout: headersTimeoutMs,
      bodyTimeout: bodyTimeoutMs,
      signal,
    });
    // The reader of the body gets its error; without this listener an error that comes before the reader would end the process.
    answer.body.on("error", () => {});
    answer.body.once("close", () => lease.release(!answer.body.readableEnded));
    return {
      status: answer.statusCode,
      headers: plainHeaders(answer.headers),
      body: bounded(answer, request),
    };
  } catch (error) {
    lease.release(true);
    throw error;
  }
}

export async function collect(body: Readable): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  for await (const piece of body) pieces.push(piece as Uint8Array);
  return new Uint8Array(Buffer.concat(pieces));
}

function bounded(answer: Dispatcher.ResponseData, request: ExchangeRequest): Readable {
  const { url, method, responseBytesMax: bytesMax } = request;
  const announced = Number(answer.headers["content-length"] ?? 0);
  // Destroying the body closes the connection, so that nothing waits for the rest.
  if (announced > bytesMax && method !== "HEAD") answer.body.destroy(tooLarge(url, bytesMax));
  const body = Readable.from(piecesOf(answer.body, request), { objectMode: false });
  // The connection must return to the pool even when the body is destroyed before it was read.
  body.once("close", () => answer.body.destroy());
  return body;
}

async function* piecesOf(body: Readable, { url, responseBytesMax, signal }: ExchangeRequest): AsyncGenerator<Uint8Array> {
  let sizeBytes = 0;
  try {
    for await (const piece of body) {
      sizeBytes += (piece as Uint8Array).byteLength;
      if (sizeBytes > responseBytesMax) throw tooLarge(url, responseBytesMax);
      yield piece as Uint8Array;
    }
  } catch (error) {
    throw outgoingError(error, url, signal);
  }
}

function tooLarge(url: URL, bytesMax: number): NomalyError {
  const expected = `at most ${bytesMax} bytes`;
  return new NomalyError("OUTGOING", `the answer of ${url.origin} is too large: expected ${expected}`, {
    field: "url",
    expected,
  });
}

/** Joins repeated headers with commas; names are in lower case. */
function plainHeaders(headers: Readonly<Record<string, string | string[] | undefined>>): Record<string, string> {
  const entries = Object.entries(headers).filter((entry): entry is [string, string | string[]] => entry[1] !== undefined);
  return Object.fromEntries(
    entries.map(([name, value]) => [name.toLowerCase(), Array.isArray(value) ? value.join(", ") : value]),
  );
}
