import { afterAll, beforeAll, expect, it } from "vitest";
import { startTestDatabase, type TestDatabase, withClient } from "../../../test-support/servers/postgres.ts";
import { ensurePartitionedIndex } from "./ensure-index.ts";
import { migrate } from "./migrate.ts";
import { partitionedIndexes } from "./migrations/0002-indexes.ts";
import { onOwnConnection } from "../postgres/own-connection.ts";
import { runStatement } from "../postgres/statement.ts";
import type { Sql } from "../postgres/sql.ts";

let server: TestDatabase;
let url: string;
beforeAll(async () => {
  server = await startTestDatabase();
  url = await server.createDatabase();
  await migrate(url);
});
afterAll(() => server.stop());

it("waits without a limit for what comes after an index whose table stayed locked for too long", async () => {
  await withClient(url, async (writer) => {
    await writer.query("drop index idx_detection_results_timestamp; begin; lock table detection_results in row exclusive mode");
    await onOwnConnection(url, "test", async (connection) => {
      const sql: Sql = { query: (text, values = []) => runStatement(connection, text, values, {}) };
      await expect(ensurePartitionedIndex(sql, partitionedIndexes[0], 50)).rejects.toMatchObject({ code: "TIMEOUT" });
      const { rows } = await sql.query("show lock_timeout");
      expect(rows).toEqual([{ lock_timeout: "0" }]);
    });
    await writer.query("rollback");
  });
});
