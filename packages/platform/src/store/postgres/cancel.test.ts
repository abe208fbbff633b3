import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { certificateFor, opensslSkipReason, serveSockets } from "../../../test-support/servers/local-servers.ts";
import { startTestServer, type TestServer, withClient } from "../../../test-support/servers/postgres.ts";
import { databaseUser } from "../embedded/system-user.ts";
import { type OpenDatabase, openDatabase } from "./open-database.ts";

/** How a client opens a connection, by the code in its first message. */
const kinds = new Map([
  [80_877_102, "plain cancellation"],
  [80_877_103, "TLS"],
  [196_608, "plain session"],
]);

describe.skipIf(opensslSkipReason !== "")(`cancelling a statement over TLS${opensslSkipReason}`, () => {
  let folder: string;
  let server: TestServer;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "nomaly-tls-"));
    chmodSync(folder, 0o711);
    const owner = databaseUser();
    const place = (name: string, text: string) => {
      const path = join(folder, name);
      writeFileSync(path, text, { mode: 0o600 });
      if (owner !== undefined) chownSync(path, owner.uid, owner.gid);
      return path;
    };
    const { key, cert } = certificateFor("localhost");
    const files = [`ssl_key_file=${place("key.pem", key)}`, `ssl_cert_file=${place("cert.pem", cert)}`];
    server = await startTestServer(["ssl=on", ...files]);
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  /** Through something that says of each connection how it begins. */
  async function open(openings: string[]): Promise<OpenDatabase> {
    const port = await serveSockets((from) => {
      const to = connect(server.port, "127.0.0.1");
      from.once("data", (bytes: Buffer) => openings.push(kinds.get(bytes.readUInt32BE(4)) ?? "unknown"));
      from.on("close", () => to.destroy());
      to.on("error", () => undefined).on("close", () => from.destroy());
      from.pipe(to).pipe(from);
    });
    const url = new URL(server.url);
    url.port = String(port);
    url.searchParams.set("sslmode", "no-verify");
    const database = openDatabase({
      url: url.href,
      applicationName: "nomaly test",
      poolSize: 3,
      maxOverflow: 0,
      acquireTimeoutMs: 5000,
      recycleMs: 3_600_000,
      statementTimeoutMs: 60_000,
    });
    onTestFinished(() => database.close());
    return database;
  }

  const runningCount = (text: string) =>
    withClient(server.url, async (client) => {
      const question = "select count(*)::integer as count from pg_stat_activity where state = 'active' and query = $1";
      return (await client.query<{ count: number }>(question, [text])).rows[0].count;
    });

  it("opens no plain connection, and one at a time for all callers that leave, beside the connections of the pool", async () => {
    const openings: string[] = [];
    const database = await open(openings);
    const caller = new AbortController();
    const text = "select pg_sleep(60)";
    const asked = [1, 2, 3].map(() => database.withSignal(caller.signal).query(text));
    const refused = asked.map((each) => expect(each).rejects.toMatchObject({ code: "ABORTED" }));
    await eventually("all run", async () => (await runningCount(text)) === 3);
    expect(openings).toEqual(["TLS", "TLS", "TLS"]);
    caller.abort();
    await Promise.all(refused);
    expect(await runningCount(text)).toBe(0);
    // All left at once: one connection told of all.
    expect(openings).toEqual(["TLS", "TLS", "TLS", "TLS"]);
    expect(database.stats().pool).toMatchObject({ size: 3, inUse: 0, invalid: 0 });
  });

  it("never meets the next statement of the same connection", async () => {
    const database = await open([]);
    for (let round = 0; round < 10; round++) {
      const leaving = new AbortController();
      const left = database.withSignal(leaving.signal).query("select pg_sleep(0.001)");
      setTimeout(() => leaving.abort(), 1);
      await left.catch((error: unknown) => expect(error).toMatchObject({ code: "ABORTED" }));
      expect((await database.query("select pg_sleep(0.05)")).rowCount).toBe(1);
    }
  });
});

describe("cancelling a statement on a server that has no connection left", () => {
  it("goes over the connection that was opened for the first cancellation, also after that one was lost", async () => {
    const server = await startTestServer(["max_connections=12", "superuser_reserved_connections=0", "autovacuum=off"]);
    onTestFinished(() => server.stop());
    const database = openDatabase({
      url: server.url,
      applicationName: "nomaly test",
      poolSize: 1,
      maxOverflow: 0,
      acquireTimeoutMs: 5000,
      recycleMs: 3_600_000,
      statementTimeoutMs: 60_000,
    });
    onTestFinished(() => database.close());
    const text = "select pg_sleep(30)";
    await withClient(server.url, async (client) => {
      const running = "select count(*)::integer as count from pg_stat_activity where state = 'active' and query = $1";
      const runningCount = async () => (await client.query<{ count: number }>(running, [text])).rows[0].count;
      async function leave(): Promise<void> {
        const caller = new AbortController();
        const refused = expect(database.withSignal(caller.signal).query(text)).rejects.toMatchObject({ code: "ABORTED" });
        await eventually("it runs", async () => (await runningCount()) === 1);
        caller.abort();
        await refused;
      }
      await leave();
      const cancelling = "select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_cancel_backend%'";
      expect((await client.query(cancelling)).rowCount).toBeGreaterThanOrEqual(1);
      await leave();
      expect(await runningCount()).toBe(0);
      const others: Client[] = [];
      onTestFinished(async () => void (await Promise.all(others.map((other) => other.end()))));
      for (let isFull = false; !isFull;) {
        const other = new Client({ connectionString: server.url });
        await other.connect().then(
          () => others.push(other),
          () => (isFull = true),
        );
      }
      await leave();
      expect(await runningCount()).toBe(0);
      expect(database.stats().pool.invalid).toBe(0);
    });
  });
});
