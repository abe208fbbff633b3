/** A server that answers each request as the script of a test says, in front of a real service or alone. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Received {
  readonly route: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
}

/** Handles one request. */
export type Step = (received: Received, response: ServerResponse) => void | Promise<void>;

export interface ScriptedServer {
  readonly url: string;
  readonly received: readonly Received[];
  close(): Promise<void>;
}

/** @param script one step for each request; the last step is repeated. */
export async function startScriptedServer(script: readonly Step[]): Promise<ScriptedServer> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const one = { route: `${request.method} ${request.url}`, headers: request.headers, body: Buffer.concat(chunks) };
      received.push(one);
      await script[Math.min(received.length, script.length) - 1](one, response);
    })().catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    received,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

export function answers(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Step {
  const isText = typeof body === "string";
  return (_received, response) => {
    response.writeHead(status, { "content-type": isText ? "text/html" : "application/json", ...headers });
    response.end(isText ? body : JSON.stringify(body));
  };
}

/** Closes the connection without an answer. */
export const cuts: Step = (_received, response) => void response.destroy();

/** Begins an answer and closes the connection in the middle. */
export const cutsInTheMiddle: Step = (_received, response) => {
  response.writeHead(200, { "content-type": "application/json", "content-length": "1000" });
  response.write('{"id":', () => response.destroy());
};

export const neverAnswers: Step = () => undefined;

/** Passes the request to the service and its answer to the client. */
export function forwards(url: string): Step {
  return async (received, response) => {
    const { reply, body } = await forwarded(url, received);
    response.writeHead(reply.status, Object.fromEntries(reply.headers)).end(body);
  };
}

/** Passes the request to the service, and closes the connection instead of passing the answer. */
export function forwardsAndCuts(url: string): Step {
  return async (received, response) => {
    await forwarded(url, received);
    response.destroy();
  };
}

const ownOfConnection = new Set(["host", "connection", "content-length", "transfer-encoding"]);

async function forwarded(url: string, { route, headers, body }: Received): Promise<{ reply: Response; body: Buffer }> {
  const [method, path] = route.split(" ");
  const kept = Object.entries(headers).filter(([name]) => !ownOfConnection.has(name));
  const reply = await fetch(url + path, {
    method,
    headers: kept.map(([name, value]) => [name, String(value)] as [string, string]),
    ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
  });
  return { reply, body: Buffer.from(await reply.arrayBuffer()) };
}
