/** The slowest statements, with what their plans say about making them faster. */

import type { Database } from "../postgres/sql.ts";
import { notSeenOfOthers, textCharsMax } from "./database-figures.ts";
import { genericPlans } from "./generic-plans.ts";
import { hideLiterals, shortened } from "./hide-literals.ts";
import { planSuggestions, workMemory } from "./plan-suggestions.ts";
import { tableFacts } from "./table-facts.ts";
import { type Blindness, statementStatistics } from "./statement-statistics.ts";

export interface SlowQuery {
  /** At most 200 characters, then "..."; values are hidden. */
  readonly query: string;
  readonly mean_time_ms: number;
  readonly total_calls: number;
  /** Rows read or changed by all calls. */
  readonly rows: number;
  /** Blocks found in shared buffers in % of all that were asked for; null when none was. */
  readonly cache_hit_percent: number | null;
  readonly suggestions: readonly string[];
  /** Why there is no plan to read; null when the suggestions come from one. */
  readonly not_explained: string | null;
}

export interface SlowQueries {
  /** Null where PostgreSQL keeps no statistics of statements. */
  readonly slow_queries: readonly SlowQuery[] | null;
  /** What the list leaves out, and how to see it. */
  readonly not_seen: readonly Blindness[];
}

interface Measured extends Omit<SlowQuery, "query" | "suggestions" | "not_explained"> {
  readonly text: string;
  readonly isOurs: boolean;
  /** Blocks of temporary files that all calls wrote. */
  readonly spilledBlocks: number;
}

const slowMs = 100;
const slowCountMax = 20;
const splitMs = 1000;
const hitPercentMin = 95;

/** The 20 statements with the highest mean time above 100 ms. Nothing is run but EXPLAIN, and never with ANALYZE. */
export async function slowQueries(database: Pick<Database, "query" | "transaction">): Promise<SlowQueries> {
  const statistics = await statementStatistics(database);
  const notSeen = await notSeenOfOthers(database);
  if (statistics.kind === "missing") {
    return { slow_queries: null, not_seen: [...notSeen, { lost: statistics.lost, remedy: statistics.remedy }] };
  }
  const measured = await readStatistics(database, statistics.view);
  // Planning evaluates functions with the rights of who plans, so another role's statement may not be planned in our name.
  const plans = await genericPlans(
    database,
    measured.map(({ text, isOurs }) => (isOurs ? text : undefined)),
  );
  const facts = await tableFacts(database, plans);
  const memory = await workMemory(database);
  return {
    slow_queries: measured.map((statement, at) => {
      const plan = plans[at];
      const { spilledBlocks } = statement;
      const fromPlan = typeof plan === "string" ? [] : planSuggestions(plan, { facts, memory, isSpilling: spilledBlocks > 0 });
      return {
        query: shortened(hideLiterals(statement.text)),
        mean_time_ms: statement.mean_time_ms,
        total_calls: statement.total_calls,
        rows: statement.rows,
        cache_hit_percent: statement.cache_hit_percent,
        suggestions: [...fromPlan, ...figureSuggestions(statement)],
        not_explained: typeof plan === "string" ? plan : null,
      };
    }),
    not_seen: notSeen,
  };
}

async function readStatistics(sql: Pick<Database, "query">, view: string): Promise<readonly Measured[]> {
  // One character more than is planned shows that a text is longer.
  const text = `select left(query, ${textCharsMax + 1}) as text, mean_exec_time as mean_time_ms, calls::float8 as total_calls,
      rows::float8 as rows, 100 * shared_blks_hit::float8 / nullif(shared_blks_hit + shared_blks_read, 0) as cache_hit_percent,
      temp_blks_written::float8 as "spilledBlocks",
      userid = (select oid from pg_roles where rolname = current_user) as "isOurs"
    from ${view} where dbid = (select oid from pg_database where datname = current_database()) and queryid is not null
      and mean_exec_time > $1
    order by mean_exec_time desc, queryid limit $2`;
  return (await sql.query<Measured>(text, [slowMs, slowCountMax])).rows;
}

/** What the figures say by themselves. */
function figureSuggestions({ mean_time_ms: ms, cache_hit_percent: hits }: Pick<Measured, "mean_time_ms" | "cache_hit_percent">) {
  const suggestions: string[] = [];
  if (hits !== null && hits < hitPercentMin) {
    const share = `${hits.toFixed(1)} % of its blocks were in shared_buffers, less than ${hitPercentMin} %`;
    suggestions.push(`${share}: give the server more memory first (nomaly db check), then read fewer blocks`);
  }
  if (ms > splitMs) {
    suggestions.push(`it takes ${(ms / 1000).toFixed(1)} s on average: split it, into fewer rows a call or several statements`);
  }
  return suggestions;
}
