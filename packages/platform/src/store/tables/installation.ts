/** The id of this database. Its blobs carry the same id, so that no other database takes them for its own. */

import type { Sql } from "../postgres/sql.ts";

export async function installationId(sql: Sql): Promise<string> {
  const { rows } = await sql.query<{ id: string }>("select id from installation");
  return rows[0].id;
}
