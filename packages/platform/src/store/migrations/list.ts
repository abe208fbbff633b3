/** Every migration, in order. Numbers never change; a database that has run one will not run it again. */

import { tables } from "./0001-tables.ts";

export interface Migration {
  readonly number: number;
  readonly name: string;
  /** One transaction; or, for what PostgreSQL refuses in one, statements that may be repeated. */
  readonly kind: "transaction" | "repeatable";
  readonly sql: string;
}

export const migrations: readonly Migration[] = [{ number: 1, name: "tables", kind: "transaction", sql: tables }];
