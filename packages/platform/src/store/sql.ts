/** What code that asks the database needs of it. */

export interface SqlResult<Row> {
  readonly rows: readonly Row[];
  /** Rows read or changed. */
  readonly rowCount: number;
}

export interface Sql {
  /** @throws NomalyError DATABASE, or CONFLICT, NOT_FOUND, TIMEOUT where the database's own code says so. */
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<SqlResult<Row>>;
}

export interface Database extends Sql {
  /** For reads that may come from a replica; the primary where there is none, or where it has not yet what this process wrote. */
  readonly read: Sql;
  /** All or nothing. Statements go to `sql` one after the other. */
  transaction<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value>;
}
