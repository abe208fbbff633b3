/** Pages by key: each begins after the last row of the one before, so that none is skipped or doubled while others write. */

/** The last row of the page before. */
export interface PageKey {
  readonly createdAt: Date;
  readonly id: string;
}

export interface PageRequest {
  /** Rows at most. */
  readonly limit: number;
  readonly after?: PageKey | undefined;
}
