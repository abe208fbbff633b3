/** Pages by key: each begins after the last row of the previous one, so that writes meanwhile neither skip nor repeat a row. */

/** The last row of a page. */
export interface PageKey {
  readonly createdAt: Date;
  readonly id: string;
}

export interface PageRequest {
  readonly limit: number;
  readonly after?: PageKey | undefined;
}
