/** Lists the schema of a database as lines to compare: columns, indexes with their validity, constraints, triggers. */

import { withClient } from "./servers/postgres.ts";

const texts = [
  `select concat_ws(' ', 'column', table_schema, table_name, column_name, data_type, is_nullable, column_default) as line
     from information_schema.columns where table_schema not in ('pg_catalog', 'information_schema')`,
  `select concat_ws(' ', 'index', indrelid::regclass, indisvalid, pg_get_indexdef(indexrelid)) as line
     from pg_index join pg_class on pg_class.oid = indexrelid join pg_namespace on pg_namespace.oid = relnamespace
     where nspname not in ('pg_catalog', 'pg_toast', 'information_schema')`,
  `select concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(pg_constraint.oid)) as line
     from pg_constraint join pg_namespace on pg_namespace.oid = connamespace
     where nspname not in ('pg_catalog', 'information_schema')`,
  `select concat_ws(' ', 'trigger', tgrelid::regclass, tgname) as line from pg_trigger where not tgisinternal`,
];

export function schemaFingerprint(url: string): Promise<readonly string[]> {
  return withClient(url, async (client) => {
    const lines: string[] = [];
    for (const text of texts) lines.push(...(await client.query<{ line: string }>(text)).rows.map(({ line }) => line));
    return lines.toSorted();
  });
}
