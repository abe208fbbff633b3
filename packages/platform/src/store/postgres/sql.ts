/** What code that asks the database needs of it. */

export interface SqlResult<Row> {
  readonly rows: readonly Row[];
  /** Rows read or changed. */
  readonly rowCount: number;
}

/** What caches must forget once a transaction has committed, collected while it runs. */
export interface Announced {
  /** Random, and carried by every message of this transaction: whoever hears of it twice knows. */
  readonly changeId: string;
  readonly tags: Set<string>;
}

export interface Sql {
  /** Of a transaction; its statements add to it by `announce`. */
  readonly announced?: Announced;
  /** @throws NomalyError DATABASE, or CONFLICT, NOT_FOUND, REQUEST, TIMEOUT where the database's own code says so; ABORTED. */
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<SqlResult<Row>>;
}

export interface Database extends Sql {
  /**
   * For statements that only read. They may come from a replica, and from the primary where there is none or where it has not
   * yet what this process wrote; one whose connection is lost is sent a second time.
   */
  readonly read: Sql;
  /** All or nothing. Statements go to `sql` one after the other, none after the end. */
  transaction<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value>;
  /** The same database for one caller: when the signal fires, its waiting ends and its running statement is cancelled. */
  withSignal(signal: AbortSignal | undefined): Database;
}
