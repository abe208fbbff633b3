import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createSecureServer } from "node:https";
import { connect, type Socket } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../test-support/eventually.ts";
import { certificateFor, listen, opensslSkipReason, serve, serveSockets } from "../../test-support/servers/local-servers.ts";
import { parseAllowedHost } from "./allowed-hosts.ts";
import { createHttpClient, type HttpClientOptions } from "./http-client.ts";

function clientOf(options: Partial<HttpClientOptions> = {}, hosts = ["127.0.0.1+private+http"]) {
  const client = createHttpClient({ allowedHosts: hosts.map(parseAllowedHost), random: () => 0, closeGraceMs: 50, ...options });
  onTestFinished(() => client.close());
  return client;
}

/** A stopped process whose queues of connections are full: the system answers no further ones. */
async function serveSilence(hosts: readonly string[], port: number): Promise<void> {
  const script = `const { createServer } = require("node:net");
    for (const host of ${JSON.stringify(hosts)}) createServer().listen({ host, port: ${port}, backlog: 1 }, () => console.log("x"));`;
  const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
  const sockets: Socket[] = [];
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    child.kill("SIGKILL");
  });
  let said = "";
  for await (const piece of child.stdout) if ((said += String(piece)).length >= 2 * hosts.length) break;
  child.kill("SIGSTOP");
  for (const host of hosts)
    for (let count = 0; count < 2; count++) {
      const socket = connect({ host, port });
      sockets.push(socket);
      await once(socket, "connect");
    }
}

const urlOf = (port: number, path = "/") => `http://127.0.0.1:${port}${path}`;
const textOf = ({ body }: { readonly body: Uint8Array }) => Buffer.from(body).toString("utf8");

describe("the guard", () => {
  it("opens no connection to a host that is not allowed", async () => {
    let connections = 0;
    const port = await serveSockets(() => connections++);
    for (const url of [`http://localhost:${port}/`, `http://[::1]:${port}/`, "file:///etc/passwd", "no url"]) {
      await expect(clientOf().request({ url })).rejects.toMatchObject({ code: "OUTGOING", field: "url" });
    }
    expect(connections).toBe(0);
  });

  it("connects to nothing when any address of a name is forbidden", async () => {
    let connections = 0;
    const port = await serveSockets(() => connections++);
    const client = clientOf({ lookup: async () => ["8.8.8.8", "127.0.0.1"] }, ["a.test"]);
    await expect(client.request({ url: `https://a.test:${port}/` })).rejects.toMatchObject({ code: "OUTGOING" });
    expect([connections, client.stats().retries, client.stats().size]).toEqual([0, 0, 0]);
  });

  it("connects to the address it has checked, though the name leads elsewhere a moment later", async () => {
    const port = await serve((request, response) => response.end(request.headers.host));
    let lookups = 0;
    const lookup = async () => (lookups++ === 0 ? ["127.0.0.1"] : ["169.254.169.254"]);
    const time = { now: 0 };
    const client = clientOf({ lookup, clock: { now: () => time.now } }, ["rebinding.test+private+http"]);
    const url = `http://rebinding.test:${port}/`;
    expect(textOf(await client.request({ url }))).toBe(`rebinding.test:${port}`);
    expect(lookups).toBe(1);
    // Five minutes later the client resolves the name again for a new connection, and checks its address again.
    time.now = 300_000;
    const others = await Promise.allSettled([client.request({ url }), client.request({ url })]);
    expect(others.map(({ status }) => status)).toEqual(["fulfilled", "rejected"]);
    expect(lookups).toBe(2);
  });

  it("asks for a name once in 300 s, and again after a failure", async () => {
    const port = await serve((_request, response) => response.setHeader("connection", "close").end("ok"));
    let lookups = 0;
    const lookup = async () => {
      if (lookups++ === 0) throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
      return ["127.0.0.1"];
    };
    const time = { now: 0 };
    const client = clientOf({ lookup, clock: { now: () => time.now } }, ["a.test+private+http"]);
    const url = `http://a.test:${port}/`;
    await expect(client.request({ url })).rejects.toMatchObject({ code: "OUTGOING", received: "ENOTFOUND" });
    for (let i = 0; i < 3; i++) await client.request({ url });
    time.now = 299_999;
    await client.request({ url });
    expect(lookups).toBe(2);
    time.now = 300_000;
    await client.request({ url });
    expect(lookups).toBe(3);
  });

  it("tries the next address when one does not answer", async () => {
    const port = await serve((_request, response) => response.end("ok"));
    const client = clientOf({ lookup: async () => ["127.0.0.2", "127.0.0.1"] }, ["a.test+private+http"]);
    expect((await client.request({ url: `http://a.test:${port}/` })).status).toBe(200);
  });

  it("reaches the last of seven addresses when the others do not answer", async () => {
    const port = await serve((_request, response) => response.end("ok"));
    const silent = [2, 3, 4, 5, 6, 7].map((number) => `127.0.0.${number}`);
    await serveSilence(silent, port);
    const lookup = async () => [...silent, "127.0.0.1"];
    const client = clientOf({ lookup, connectTimeoutMs: 2800, attemptsMax: 1 }, ["a.test+private+http"]);
    expect((await client.request({ url: `http://a.test:${port}/` })).status).toBe(200);
  });

  it("waits no longer for the addresses of a name than for a connection", async () => {
    const client = clientOf({ lookup: () => new Promise(() => {}), connectTimeoutMs: 50, attemptsMax: 1 }, ["a.test"]);
    const received = "UND_ERR_CONNECT_TIMEOUT";
    await expect(client.request({ url: "https://a.test/" })).rejects.toMatchObject({ code: "TIMEOUT", received });
  });

  it("says why when no address of a name answers, and knows that nothing was sent", async () => {
    const port = await serve((_request, response) => response.end("ok"));
    const client = clientOf({ lookup: async () => ["127.0.0.2", "127.0.0.3"] }, ["a.test+private+http"]);
    await expect(client.request({ url: `http://a.test:${port}/`, method: "POST", body: "x" })).rejects.toMatchObject({
      code: "OUTGOING",
      received: "ECONNREFUSED",
    });
    expect(client.stats().retries).toBe(2);
  });

  it("gives a redirect as the answer, unless the caller wants it followed", async () => {
    const port = await serve((request, response) => {
      if (request.url === "/") response.writeHead(302, { location: "/next" }).end();
      else response.end(JSON.stringify(request.headers));
    });
    const client = clientOf();
    expect((await client.request({ url: urlOf(port) })).status).toBe(302);
    const followed = await client.request({ url: urlOf(port), redirectsMax: 1, headers: { authorization: "secret" } });
    expect([followed.status, followed.url, client.stats().redirects]).toEqual([200, urlOf(port, "/next"), 1]);
    expect(textOf(followed)).toContain("secret");
    expect((await client.request({ url: urlOf(port), method: "POST", redirectsMax: 1 })).status).toBe(302);
  });

  it("follows no redirect to where a call may not go", async () => {
    let reached = 0;
    const inner = await serve(() => void reached++);
    const targets = [
      "http://169.254.169.254/latest/",
      `http://localhost:${inner}/`,
      `http://[::1]:${inner}/`,
      "file:///etc/passwd",
      `http://inner.test:${inner}/`,
    ];
    const port = await serve((request, response) =>
      response.writeHead(302, { location: targets[Number(request.url?.slice(1))] }).end(),
    );
    const lookup = async (name: string) => (name === "inner.test" ? ["127.0.0.1"] : []);
    const client = clientOf({ lookup }, ["127.0.0.1+private+http", "inner.test+http"]);
    for (const index of targets.keys()) {
      await expect(client.request({ url: urlOf(port, `/${index}`), redirectsMax: 5 })).rejects.toMatchObject({
        code: "OUTGOING",
      });
    }
    expect(reached).toBe(0);
  });

  it("sends no secrets along to another host", async () => {
    const other = await serve((request, response) => response.end(JSON.stringify(request.headers)));
    const port = await serve((_request, response) => response.writeHead(307, { location: urlOf(other) }).end());
    const headers = { authorization: "secret", "X-Api-Key": "secret", cookie: "secret", accept: "text/plain" };
    const seen = textOf(await clientOf().request({ url: urlOf(port), redirectsMax: 1, headers }));
    expect(seen).toContain("text/plain");
    expect(seen).not.toContain("secret");
  });

  it("ends a circle of redirects", async () => {
    const port = await serve((_request, response) => response.writeHead(302, { location: "/" }).end());
    const client = clientOf();
    await expect(client.request({ url: urlOf(port), redirectsMax: 5 })).rejects.toMatchObject({ code: "OUTGOING" });
    expect(client.stats().redirects).toBe(5);
    await eventually("no connection is in use", () => client.stats().inUse === 0);
  });
});

describe.skipIf(opensslSkipReason !== "")(`TLS${opensslSkipReason}`, () => {
  it("checks the certificate of the name, over a connection to the checked address", async () => {
    const { key, cert } = certificateFor("keys.test");
    const port = await listen(createSecureServer({ key, cert }, (_request, response) => response.end("ok")));
    const lookup = async () => ["127.0.0.1"];
    const hosts = ["keys.test+private", "other.test+private"];
    const client = clientOf({ lookup, extraAuthorities: [cert] }, hosts);
    expect(textOf(await client.request({ url: `https://keys.test:${port}/` }))).toBe("ok");
    await expect(client.request({ url: `https://other.test:${port}/` })).rejects.toMatchObject({
      code: "OUTGOING",
      received: "ERR_TLS_CERT_ALTNAME_INVALID",
    });
    await expect(clientOf({ lookup }, hosts).request({ url: `https://keys.test:${port}/` })).rejects.toMatchObject({
      code: "OUTGOING",
    });
  });
});
