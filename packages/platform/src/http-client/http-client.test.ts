import { createServer } from "node:http";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { listen, serve } from "../../test-support/servers/local-servers.ts";
import { parseAllowedHost } from "./allowed-hosts.ts";
import { asFetch } from "./as-fetch.ts";
import { createHttpClient, type HttpClientOptions } from "./http-client.ts";

function clientOf(options: Partial<HttpClientOptions> = {}, hosts = ["127.0.0.1+private+http"]) {
  const client = createHttpClient({ allowedHosts: hosts.map(parseAllowedHost), random: () => 0, closeGraceMs: 50, ...options });
  onTestFinished(() => client.close());
  return client;
}

const urlOf = (port: number, path = "/") => `http://127.0.0.1:${port}${path}`;
const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString("utf8");

describe("a call to another server", () => {
  it("sends method, headers and body, and gives status, headers and body", async () => {
    const port = await serve((request, response) => {
      let received = "";
      request.on("data", (piece) => (received += String(piece)));
      request.on("end", () =>
        response.writeHead(201, { "X-Seen": `${request.method} ${String(request.headers["x-one"])}` }).end(received),
      );
    });
    const answer = await clientOf().request({
      url: urlOf(port, "/a?b=c"),
      method: "POST",
      headers: { "X-One": "1" },
      body: "hello",
    });
    expect([answer.status, answer.headers["x-seen"], textOf(answer), answer.url]).toEqual([
      201,
      "POST 1",
      "hello",
      urlOf(port, "/a?b=c"),
    ]);
  });

  it("gives errors of the other server as answers", async () => {
    const port = await serve((_request, response) => response.writeHead(404).end("no"));
    expect((await clientOf().request({ url: urlOf(port) })).status).toBe(404);
  });

  it("uses a connection again", async () => {
    let sockets = 0;
    const server = createServer((_request, response) => response.end("ok"));
    server.on("connection", () => sockets++);
    const port = await listen(server);
    const client = clientOf();
    for (let i = 0; i < 5; i++) await client.request({ url: urlOf(port) });
    expect(sockets).toBe(1);
    expect(client.stats()).toMatchObject({ opened: 1, idle: 1, inUse: 0, requests: 5 });
  });

  it("drops an idle connection that the other side has closed, or that was idle for long", async () => {
    const server = createServer((_request, response) => response.end("ok"));
    const port = await listen(server);
    const client = clientOf({ keepAliveMs: 600 });
    await client.request({ url: urlOf(port) });
    server.closeAllConnections();
    await eventually("it is dropped", () => client.stats().size === 0);
    await client.request({ url: urlOf(port) });
    expect(client.stats().size).toBe(1);
    await eventually("it is dropped", () => client.stats().size === 0);
    expect(client.stats()).toMatchObject({ opened: 2, closed: 2 });
  });

  it("can be made through the form of fetch", async () => {
    const port = await serve((request, response) =>
      response.writeHead(request.url === "/none" ? 204 : 200).end(request.url === "/none" ? undefined : '{"keys":[]}'),
    );
    const fetch = asFetch(clientOf());
    expect(await (await fetch(urlOf(port), { headers: new Headers({ accept: "application/json" }) })).json()).toEqual({
      keys: [],
    });
    expect((await fetch(urlOf(port, "/none"))).status).toBe(204);
  });
});

describe("the limits of connections", () => {
  /** Holds every request until the test releases it. */
  async function holdingServer() {
    const held: (() => void)[] = [];
    const port = await serve((_request, response) => void held.push(() => response.end("ok")));
    const letGo = () => {
      for (const release of held.splice(0)) release();
    };
    return { port, held, letGo };
  }

  it("let at most 30 calls a host run, and the 31st wait", async () => {
    const { port, held, letGo } = await holdingServer();
    const client = clientOf();
    const answers = Array.from({ length: 40 }, () => client.request({ url: urlOf(port) }));
    await eventually("30 run", () => held.length === 30);
    expect(client.stats()).toMatchObject({ size: 30, inUse: 30, waiting: 10, capacityPerHost: 30 });
    letGo();
    await eventually("the others run", () => held.length === 10);
    letGo();
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(40).fill(200));
    expect(client.stats()).toMatchObject({ opened: 30, waiting: 0 });
  });

  it("let at most 100 calls run in all, and close an idle connection for another host", async () => {
    const { port, held, letGo } = await holdingServer();
    const client = clientOf({ lookup: async () => ["127.0.0.1"] }, ["*.test+private+http"]);
    const answers = Array.from({ length: 110 }, (_, index) => client.request({ url: `http://h${index % 5}.test:${port}/` }));
    await eventually("100 run", () => held.length === 100);
    expect(client.stats()).toMatchObject({ size: 100, inUse: 100, waiting: 10, capacity: 100 });
    letGo();
    await eventually("the others run", () => held.length === 10);
    letGo();
    await Promise.all(answers);
    expect(client.stats().evicted).toBe(0);
    const another = client.request({ url: `http://another.test:${port}/` });
    await eventually("it runs", () => held.length === 1);
    letGo();
    await another;
    expect(client.stats()).toMatchObject({ size: 100, evicted: 1 });
  });

  it("give back the connection of a body that nobody reads", async () => {
    const port = await serve((_request, response) => response.end("x".repeat(1_000_000)));
    const client = clientOf({ connectionsPerHostMax: 1 });
    const { body } = await client.stream({ url: urlOf(port) });
    body.destroy();
    await eventually("the connection is back", () => client.stats().inUse === 0);
    expect((await client.request({ url: urlOf(port) })).body).toHaveLength(1_000_000);
  });

  it("count the wait for a connection into the total time", async () => {
    const { port, held } = await holdingServer();
    const client = clientOf({ connectionsPerHostMax: 1 });
    const first = client.request({ url: urlOf(port), totalTimeoutMs: 2000 }).catch(() => {});
    await eventually("it runs", () => held.length === 1);
    await expect(client.request({ url: urlOf(port), totalTimeoutMs: 50 })).rejects.toMatchObject({ code: "TIMEOUT" });
    expect(client.stats()).toMatchObject({ waiting: 0, timeouts: 1 });
    held[0]();
    await first;
  });
});

describe("closing", () => {
  it("lets calls under way end, refuses new ones, and leaves nothing open", async () => {
    const held: (() => void)[] = [];
    const port = await serve((_request, response) => void held.push(() => response.end("ok")));
    const client = clientOf({ closeGraceMs: 5000 });
    const answer = client.request({ url: urlOf(port) });
    await eventually("it runs", () => held.length === 1);
    const closed = client.close();
    await expect(client.request({ url: urlOf(port) })).rejects.toMatchObject({ code: "OUTGOING" });
    held[0]();
    expect((await answer).status).toBe(200);
    await closed;
    expect(client.stats().size).toBe(0);
  });

  it("ends calls that do not end", async () => {
    const port = await serve(() => {});
    const client = clientOf({ attemptsMax: 1 });
    const answer = client.request({ url: urlOf(port) });
    const refused = expect(answer).rejects.toMatchObject({ code: "OUTGOING" });
    await eventually("it runs", () => client.stats().inUse === 1);
    await client.close();
    await refused;
  });
});
