/** The interfaces through which code queries the database. */

export interface SqlResult<Row> {
  readonly rows: readonly Row[];
  /** Rows read or changed. */
  readonly rowCount: number;
}

/** The tags that a transaction has invalidated so far: caches must forget them once it commits. */
export interface Announced {
  /** Random, and the same in every message about this transaction, so that a process recognises a repeated message. */
  readonly changeId: string;
  readonly tags: Set<string>;
}

export interface Sql {
  /** Only in a transaction. `announce` adds to it. */
  readonly announced?: Announced;
  /** @throws NomalyError DATABASE, ABORTED; CONFLICT, NOT_FOUND, REQUEST, TIMEOUT or STORAGE according to the SQLSTATE. */
  query<Row extends object = Record<string, unknown>>(text: string, values?: readonly unknown[]): Promise<SqlResult<Row>>;
}

export interface Database extends Sql {
  /**
   * For statements that only read. A replica answers them if it has all that this process wrote, else the primary. A statement whose
   * connection is lost is sent a second time.
   */
  readonly read: Sql;
  /** Commits all statements of `work` or none. They go to `sql` one after the other, none after the end. */
  transaction<Value>(work: (sql: Sql) => Promise<Value>): Promise<Value>;
  /** The same database for one caller: when the signal fires, waiting ends and the running statement is cancelled. */
  withSignal(signal: AbortSignal | undefined): Database;
}
