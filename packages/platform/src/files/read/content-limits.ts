/** What a file may hold, checked before a reader sees it. Whoever reads files of others says less where that is due. */

export interface ContentLimits {
  readonly columnCountMax: number;
  readonly rowCountMax: number;
  /** Of all columns, with what lies within lists and objects. */
  readonly valueCountMax: number;
  /** Of texts as they are read: one that stands once in a dictionary counts in every row that has it. */
  readonly expandedTextBytesMax: number;
}

/** For one's own files: they must not end the process, and copies of their rows not fill the disk. */
export const ownFileLimits: ContentLimits = {
  columnCountMax: 10_000,
  rowCountMax: 2 ** 40,
  valueCountMax: 2 ** 43,
  expandedTextBytesMax: 64 * 1024 ** 3,
};
