/** Makes a database for tests of alerts, on whose machine the disk may be as full as it likes. */

import { migrate } from "../../src/store/schema/migrate.ts";
import { type TestDatabase, withClient } from "./postgres.ts";

export async function preparedDatabase(server: TestDatabase): Promise<string> {
  const url = await server.createDatabase();
  await migrate(url);
  await withClient(url, (sql) => sql.query("update alert_rules set threshold = 100 where name = 'disk-usage'"));
  return url;
}
