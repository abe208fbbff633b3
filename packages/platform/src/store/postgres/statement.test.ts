import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../../test-support/eventually.ts";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { closeConnection, type Connection, openConnection } from "./connection.ts";
import { inTransaction, isUsable, runStatement } from "./statement.ts";
import { countsOf } from "../../watch/metric-kinds.ts";
import { statementMetrics } from "./statement-counts.ts";

let server: TestDatabase;
let url: string;
beforeAll(async () => {
  server = await startTestDatabase();
  url = await server.createDatabase();
  await withClient(url, (client) => client.query("create table kept (value integer)"));
});
afterAll(() => server.stop());

const opened: Connection[] = [];
afterEach(async () => {
  for (const connection of opened.splice(0)) if (!connection.isDead()) await closeConnection(connection);
});

async function open(statementTimeoutMs = 60_000): Promise<Connection> {
  const connection = await openConnection({ url, applicationName: "nomaly test", statementTimeoutMs, connectTimeoutMs: 5000 });
  opened.push(connection);
  return connection;
}

const keptCount = (value: number) =>
  withClient(url, async (client) => {
    const { rows } = await client.query<{ count: number }>("select count(*)::integer as count from kept where value = $1", [
      value,
    ]);
    return rows[0].count;
  });

describe("a connection", () => {
  it("can be used while it is idle", async () => {
    expect(await isUsable(await open())).toBe(true);
  });

  it("cannot be used once it is cut", async () => {
    const connection = await open();
    connection.destroy();
    expect(await isUsable(connection)).toBe(false);
  });

  it("cannot be used while a transaction is open on it", async () => {
    const connection = await open();
    await runStatement(connection, "begin", [], {});
    expect(await isUsable(connection)).toBe(false);
    await runStatement(connection, "rollback", [], {});
    expect(await isUsable(connection)).toBe(true);
  });
});

describe("a statement", () => {
  it("gives rows and their number, and is counted", async () => {
    const counts = countsOf(statementMetrics);
    const text = "select value::integer from generate_series($1::integer, $2::integer) as value";
    expect(await runStatement(await open(), text, [3, 4], { counts })).toEqual({
      rows: [{ value: 3 }, { value: 4 }],
      rowCount: 2,
    });
    expect(counts).toMatchObject({ count: 1, failures: 0, cancelled: 0 });
  });

  it("that fails is counted, told by our code, and leaves the connection as it was", async () => {
    const counts = countsOf(statementMetrics);
    const connection = await open();
    await expect(runStatement(connection, "select 1 / 0", [], { counts })).rejects.toMatchObject({ code: "REQUEST" });
    expect(counts).toMatchObject({ count: 1, failures: 1, cancelled: 0 });
    expect(await isUsable(connection)).toBe(true);
  });

  it("is stopped on the server when its caller leaves, and the connection goes on", async () => {
    const counts = countsOf(statementMetrics);
    const connection = await open();
    const caller = new AbortController();
    const text = "select pg_sleep(60), 'of a caller that leaves'";
    const isRunning = () =>
      withClient(url, async (client) => {
        const question = "select 1 from pg_stat_activity where state = 'active' and query = $1";
        return (await client.query(question, [text])).rowCount === 1;
      });
    const refused = expect(runStatement(connection, text, [], { signal: caller.signal, counts })).rejects.toMatchObject({
      code: "ABORTED",
    });
    await eventually("it runs", isRunning);
    caller.abort();
    await refused;
    expect(await isRunning()).toBe(false);
    expect(counts).toMatchObject({ count: 1, failures: 1, cancelled: 1 });
    expect(connection.isDead()).toBe(false);
    expect(await isUsable(connection)).toBe(true);
  });

  it("of a caller that has left is not sent", async () => {
    const counts = countsOf(statementMetrics);
    const asked = runStatement(await open(), "insert into kept values (1)", [], { signal: AbortSignal.abort(), counts });
    await expect(asked).rejects.toMatchObject({ code: "ABORTED" });
    expect([await keptCount(1), counts.count]).toEqual([0, 0]);
  });

  it("ends at the server's limit", async () => {
    const connection = await open(50);
    await expect(runStatement(connection, "select pg_sleep(60)", [], {})).rejects.toMatchObject({
      code: "TIMEOUT",
      field: "database",
    });
    expect(await isUsable(connection)).toBe(true);
  });
});

describe("a transaction", () => {
  it("keeps all of its work, and says what it came to", async () => {
    const counts = countsOf(statementMetrics);
    const work = inTransaction(
      await open(),
      async (sql) => {
        await sql.query("insert into kept values (2)");
        await sql.query("insert into kept values (2)");
        return "done";
      },
      { counts },
    );
    expect(await work).toBe("done");
    expect(await keptCount(2)).toBe(2);
    expect(counts).toMatchObject({ transactions: 1, count: 2, failures: 0 });
  });

  it("keeps nothing when its work fails, and tells that error", async () => {
    const connection = await open();
    const work = inTransaction(connection, async (sql) => {
      await sql.query("insert into kept values (3)");
      throw new Error("it failed");
    });
    await expect(work).rejects.toThrow("it failed");
    expect(await keptCount(3)).toBe(0);
    expect(await isUsable(connection)).toBe(true);
  });

  it("keeps nothing when its caller has left by its end", async () => {
    const connection = await open();
    const caller = new AbortController();
    const work = inTransaction(
      connection,
      async (sql) => {
        await sql.query("insert into kept values (4)");
        caller.abort();
      },
      { signal: caller.signal },
    );
    await expect(work).rejects.toMatchObject({ code: "ABORTED" });
    expect(await keptCount(4)).toBe(0);
    expect(await isUsable(connection)).toBe(true);
  });

  it("takes no statement after its end", async () => {
    let late: (() => Promise<unknown>) | undefined;
    await inTransaction(await open(), async (sql) => {
      late = () => sql.query("insert into kept values (5)");
    });
    await expect(late?.()).rejects.toThrow("after the end of its transaction");
    expect(await keptCount(5)).toBe(0);
  });
});
