/** Answers requests that the HTTP parser cannot read, or that arrive too slowly, on the socket itself, and closes it. */

import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { NomalyError } from "@nomaly/detect";
import { problemOf } from "../answers/problem.ts";
import { problemHeaders } from "../answers/security-headers.ts";

interface ClientError extends Error {
  readonly code?: string;
}

const answers: Readonly<Record<string, readonly [status: string, detail: string, field: string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "path, query and headers together are larger than 16 KiB",
    "headers",
  ],
  HPE_CHUNK_EXTENSIONS_OVERFLOW: ["413 Content Too Large", "the chunk extensions are too large", "body"],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "the request did not come in time", "request_timeout_s"],
};

export function answerSocket(error: ClientError, socket: Socket): void {
  if (error.code === "ECONNRESET" || socket.destroyed) return;
  const [line, detail, field] = answers[error.code ?? ""] ?? ["400 Bad Request", "this is no HTTP request", "request"];
  const status = Number(line.slice(0, 3));
  const code = status === 408 ? "TIMEOUT" : status === 400 ? "REQUEST" : "TOO_LARGE";
  const id = randomUUID();
  const { problem, retryAfterSeconds } = problemOf(new NomalyError(code, detail, { field }), id);
  const body = JSON.stringify({ ...problem, status });
  const head = [
    `HTTP/1.1 ${line}`,
    "connection: close",
    ...Object.entries(problemHeaders(id)).map(([name, value]) => `${name}: ${value}`),
    `content-length: ${Buffer.byteLength(body)}`,
    ...(retryAfterSeconds === undefined ? [] : [`retry-after: ${retryAfterSeconds}`]),
  ];
  if (socket.writable) socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
  else socket.destroy();
}
