import type { Socket } from "node:net";
import { Readable } from "node:stream";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { startFaultProxy } from "../../test-support/faults/fault-proxy.ts";
import { serve, serveSockets } from "../../test-support/servers/local-servers.ts";
import { parseAllowedHost } from "./allowed-hosts.ts";
import { createHttpClient, type HttpClientOptions } from "./http-client.ts";

function clientOf(options: Partial<HttpClientOptions> = {}, hosts = ["127.0.0.1+private+http"]) {
  const client = createHttpClient({ allowedHosts: hosts.map(parseAllowedHost), random: () => 0, closeGraceMs: 50, ...options });
  onTestFinished(() => client.close());
  return client;
}

const urlOf = (port: number, path = "/") => `http://127.0.0.1:${port}${path}`;
const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString("utf8");

describe("the limits of time", () => {
  it("end a call after its total, whatever it is doing", async () => {
    const port = await serve((_request, response) => {
      response.writeHead(200);
      const drip = setInterval(() => response.write("."), 10);
      response.on("close", () => clearInterval(drip));
    });
    const client = clientOf();
    const start = performance.now();
    await expect(client.request({ url: urlOf(port), totalTimeoutMs: 150 })).rejects.toMatchObject({
      code: "TIMEOUT",
      field: "url",
    });
    expect(performance.now() - start).toBeLessThan(1000);
    // On a busy machine, too, the headers must come within this time.
    const { body } = await client.stream({ url: urlOf(port), totalTimeoutMs: 1500 });
    await expect(body.toArray()).rejects.toMatchObject({ code: "TIMEOUT" });
    await eventually("no connection is kept", () => client.stats().size === 0);
  });

  it("end a try whose headers do not come, and the call after its tries", async () => {
    let requests = 0;
    const port = await serve(() => void requests++);
    await expect(clientOf({ headersTimeoutMs: 50 }).request({ url: urlOf(port) })).rejects.toMatchObject({
      code: "TIMEOUT",
      received: "UND_ERR_HEADERS_TIMEOUT",
    });
    expect(requests).toBe(3);
  });

  it("end a try whose body stops", async () => {
    const port = await serve((_request, response) => void response.writeHead(200).write("half"));
    await expect(clientOf({ bodyTimeoutMs: 50, attemptsMax: 1 }).request({ url: urlOf(port) })).rejects.toMatchObject({
      code: "TIMEOUT",
      received: "UND_ERR_BODY_TIMEOUT",
    });
  });

  it("end a try that cannot connect", async () => {
    const proxy = await startFaultProxy({ port: 1 });
    onTestFinished(() => proxy.close());
    proxy.blackhole();
    const client = clientOf({ connectTimeoutMs: 50, attemptsMax: 1 }, ["127.0.0.1+private"]);
    // A server that accepts the connection and never answers the TLS handshake.
    await expect(client.request({ url: `https://127.0.0.1:${proxy.port}/` })).rejects.toMatchObject({
      code: "TIMEOUT",
      received: "UND_ERR_CONNECT_TIMEOUT",
    });
  });

  it("leave the caller free to stop earlier", async () => {
    const port = await serve(() => {});
    const controller = new AbortController();
    const client = clientOf();
    const answer = client.request({ url: urlOf(port), signal: controller.signal });
    await eventually("it runs", () => client.stats().inUse === 1);
    controller.abort();
    await expect(answer).rejects.toMatchObject({ code: "ABORTED" });
    await expect(client.request({ url: urlOf(port), signal: controller.signal })).rejects.toMatchObject({ code: "ABORTED" });
    expect(client.stats().inUse).toBe(0);
  });
});

describe("the limit of bytes", () => {
  it("refuses an answer that says it is too large, and one that does not say it", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/said") return void response.end("x".repeat(2000));
      for (let i = 0; i < 20; i++) response.write("x".repeat(100));
      response.end();
    });
    const client = clientOf({ responseBytesMax: 1000 });
    for (const path of ["/said", "/unsaid"]) {
      await expect(client.request({ url: urlOf(port, path) })).rejects.toMatchObject({
        code: "OUTGOING",
        expected: "at most 1000 bytes",
      });
    }
    expect(client.stats().retries).toBe(0);
    expect((await client.request({ url: urlOf(port, "/said"), responseBytesMax: 2000 })).body).toHaveLength(2000);
    expect((await client.request({ url: urlOf(port, "/said"), method: "HEAD" })).status).toBe(200);
  });

  it("stops reading an endless answer", async () => {
    const port = await serve(
      (_request, response) =>
        void Readable.from(endless())
          .on("error", () => {})
          .pipe(response),
    );
    const client = clientOf();
    await expect(client.request({ url: urlOf(port) })).rejects.toMatchObject({ code: "OUTGOING" });
    await eventually("the connection is closed", () => client.stats().size === 0);
  });
});

describe("tries", () => {
  /** Fails as often as told, then answers. */
  async function failingServer(failureCount: number, fail: (socket: Socket) => void) {
    const seen: string[] = [];
    const port = await serveSockets((socket) => {
      socket.on("data", (piece) => {
        seen.push(String(piece).split(" ")[0]);
        if (seen.length <= failureCount) fail(socket);
        else socket.end("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
      });
    });
    return { port, seen };
  }
  const reset = (socket: Socket) => void socket.resetAndDestroy();
  const breakOff = (socket: Socket) => void socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nok");
  const unavailable = (socket: Socket) =>
    void socket.end("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 0\r\nConnection: close\r\n\r\n");

  it.each([
    ["is reset", reset],
    ["breaks off in its body", breakOff],
    ["is told to come later", unavailable],
  ])("are made again when a call that only reads %s", async (_name, fail) => {
    const { port, seen } = await failingServer(2, fail);
    const client = clientOf();
    expect(textOf(await client.request({ url: urlOf(port) }))).toBe("ok");
    expect(seen).toEqual(["GET", "GET", "GET"]);
    expect(client.stats().retries).toBe(2);
  });

  it("are three at most", async () => {
    const { port, seen } = await failingServer(10, reset);
    await expect(clientOf().request({ url: urlOf(port) })).rejects.toMatchObject({ code: "OUTGOING" });
    expect(seen).toHaveLength(3);
  });

  it("give the last answer when the other server stays busy", async () => {
    const { port, seen } = await failingServer(10, unavailable);
    expect((await clientOf().request({ url: urlOf(port) })).status).toBe(503);
    expect(seen).toHaveLength(3);
  });

  it("are not made again where that could do the work twice, unless the caller says it cannot", async () => {
    const { port, seen } = await failingServer(10, reset);
    const client = clientOf();
    await expect(client.request({ url: urlOf(port), method: "POST", body: "x" })).rejects.toMatchObject({ code: "OUTGOING" });
    expect(seen).toEqual(["POST"]);
    await expect(client.request({ url: urlOf(port), method: "POST", body: "x", isRepeatable: true })).rejects.toBeDefined();
    expect(seen).toEqual(["POST", "POST", "POST", "POST"]);
  });

  it("are made again whatever the method when nothing was sent", async () => {
    const port = await serveSockets(() => {});
    const client = clientOf({ lookup: async () => Promise.reject(Object.assign(new Error("again"), { code: "EAI_AGAIN" })) }, [
      "a.test+private+http",
    ]);
    await expect(client.request({ url: `http://a.test:${port}/`, method: "POST", body: "x" })).rejects.toMatchObject({
      code: "OUTGOING",
      received: "EAI_AGAIN",
    });
    expect(client.stats().retries).toBe(2);
  });

  it("send a stream from its beginning", async () => {
    const bodies: string[] = [];
    const port = await serve((request, response) => {
      let received = "";
      request.on("data", (piece) => (received += String(piece)));
      request.on("end", () => response.writeHead(bodies.push(received) < 2 ? 503 : 200).end());
    });
    const answer = await clientOf().request({ url: urlOf(port), method: "PUT", body: () => Readable.from(["a", "b"]) });
    expect([answer.status, bodies]).toEqual([200, ["ab", "ab"]]);
  });

  it("end with the total time, not with a try that would begin after it", async () => {
    const { port } = await failingServer(
      10,
      (socket) => void socket.end("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\nRetry-After: 3600\r\n\r\n"),
    );
    const start = performance.now();
    expect((await clientOf().request({ url: urlOf(port), totalTimeoutMs: 1000 })).status).toBe(503);
    expect(performance.now() - start).toBeLessThan(900);
  });
});

function* endless() {
  for (;;) yield Buffer.alloc(65_536);
}
