/** Plans of statements whose values are not known: what PostgreSQL would do for any values, without running anything. */

import { NomalyError } from "@nomaly/detect";
import type { Database, Sql } from "../postgres/sql.ts";
import { textCharsMax } from "./database-figures.ts";
import { hideLiterals } from "./hide-literals.ts";
import { type PlanNode, readPlan } from "./plan-nodes.ts";

/** Planning takes milliseconds; waiting for a lock may take for ever. */
const statementMsMax = 2000;
const lockMsMax = 200;

/** The version whose EXPLAIN takes $1 for a value. */
const genericExplainVersion = 160_000;
const preparedName = "nomaly_slow_query";

/**
 * In one transaction that only reads. Each statement's plan, or why it has none.
 * @param texts undefined for the statement of another role.
 * @param genericExplainFrom from which version on EXPLAIN is asked for a generic plan; older ones prepare the statement.
 */
export function genericPlans(
  database: Pick<Database, "transaction">,
  texts: readonly (string | undefined)[],
  genericExplainFrom = genericExplainVersion,
): Promise<readonly (PlanNode | string)[]> {
  return database.transaction(async (sql) => {
    await sql.query("set transaction read only");
    // Plans without parallel workers show the same scans, sorts and joins, with rows that count all of a table.
    await sql.query(`set local statement_timeout = ${statementMsMax}; set local lock_timeout = ${lockMsMax};
      set local plan_cache_mode = force_generic_plan; set local max_parallel_workers_per_gather = 0`);
    const { rows } = await sql.query<{ version: number }>("select current_setting('server_version_num')::integer as version");
    const plans: (PlanNode | string)[] = [];
    for (const text of texts) plans.push(await planOf(sql, text, rows[0].version >= genericExplainFrom));
    return plans;
  });
}

async function planOf(sql: Sql, text: string | undefined, takesParameters: boolean): Promise<PlanNode | string> {
  if (text === undefined) return "another role runs it: only its own plans are made for a role";
  const refusal = refusalOf(text);
  if (refusal !== undefined) return refusal;
  await sql.query("savepoint explained");
  let isPrepared = false;
  try {
    let explained = `explain (format json, verbose, generic_plan) ${text}`;
    if (!takesParameters) {
      await sql.query(`prepare ${preparedName} as ${text}`);
      isPrepared = true;
      explained = `explain (format json, verbose) execute ${preparedName}${nulls(text)}`;
    }
    const { rows } = await sql.query<{ "QUERY PLAN": unknown }>(explained);
    return readPlan(rows[0]["QUERY PLAN"]);
  } catch (error) {
    // If the connection is lost, the rollback below fails and says so. What is left is a statement that is not whole without its values.
    return `PostgreSQL makes no plan of it: ${causeOf(error)}`;
  } finally {
    await sql.query("rollback to savepoint explained");
    if (isPrepared) await sql.query(`deallocate ${preparedName}`);
  }
}

/** The error's own words; not ours around them. */
function causeOf(error: unknown): string {
  const { message, cause } = error as Error;
  const said = error instanceof NomalyError && cause instanceof Error ? cause.message : message;
  return hideLiterals(said).slice(0, 200);
}

/** Only what reads, and only one statement: EXPLAIN would pass what follows a semicolon on to PostgreSQL. */
function refusalOf(text: string): string | undefined {
  if (text.length > textCharsMax) return `it is longer than ${textCharsMax} characters`;
  const plain = hideLiterals(text).toLowerCase();
  if (/;./.test(plain)) return "it is more than one statement";
  // `for update` locks rows, and reads them.
  const words = plain.replaceAll(/"(?:""|[^"])*"/g, "name").replaceAll(/\bfor (no key )?update\b/g, "");
  const isReading = /^[( ]*(select|with|values|table)\b/.test(words) && !/\b(insert|update|delete|merge)\b/.test(words);
  return isReading ? undefined : "it does not only read";
}

/** "(null, null)" for a statement with two parameters. A generic plan does not depend on them. */
function nulls(text: string): string {
  const numbers = [...hideLiterals(text).matchAll(/\$(\d+)/g)].map(([, number]) => Number(number));
  const count = Math.max(0, ...numbers);
  return count === 0 ? "" : `(${Array.from({ length: count }, () => "null").join(", ")})`;
}
