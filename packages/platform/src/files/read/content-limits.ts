/** Limits on the content of a file, checked before DuckDB or Arrow reads it. The service sets lower limits for uploads. */

export interface ContentLimits {
  readonly columnCountMax: number;
  readonly rowCountMax: number;
  /** Values of all columns, including those within lists and objects. */
  readonly valueCountMax: number;
  /** Bytes of texts once decoded: a text in a dictionary counts once for each row that refers to it. */
  readonly expandedTextBytesMax: number;
}

/** Limits for a user's own files: they keep the process alive and the disk from filling up. */
export const ownFileLimits: ContentLimits = {
  columnCountMax: 10_000,
  rowCountMax: 2 ** 40,
  valueCountMax: 2 ** 43,
  expandedTextBytesMax: 64 * 1024 ** 3,
};
