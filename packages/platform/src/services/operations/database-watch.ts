/** What the database itself tells of its statements, tables and indexes. */

import { databaseCondition, type DatabaseCondition } from "../../store/watch/database-condition.ts";
import { slowQueries, type SlowQueries } from "../../store/watch/slow-queries.ts";
import type { ServiceContext } from "../core/context.ts";

/** The plans of twenty statements, and the sizes of all tables, take a while on a busy server. */
const askMsMax = 20_000;

export function slowQueriesOf({ database }: ServiceContext): Promise<SlowQueries> {
  return slowQueries(database.withSignal(AbortSignal.timeout(askMsMax)));
}

export function databaseConditionOf({ database }: ServiceContext): Promise<DatabaseCondition> {
  return databaseCondition(database.withSignal(AbortSignal.timeout(askMsMax)));
}
