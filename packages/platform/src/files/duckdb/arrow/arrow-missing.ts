/** Which values of a column are missing: a bit for each row, in the layout that DuckDB and Arrow share (1 is present, lowest bit first). */

/** Null where no value is missing. */
export type Validity = Uint8Array | null;

export function isMissing(validity: Validity, row: number): boolean {
  return validity !== null && (validity[row >> 3] & (1 << (row & 7))) === 0;
}

/** Joins the bits of several chunks. */
export class Missing {
  readonly #bits: Uint8Array;
  #rowCount = 0;
  #nullCount = 0;

  constructor(rowCountMax: number) {
    this.#bits = new Uint8Array(Math.ceil(rowCountMax / 8));
  }

  /** Rows so far. */
  get rowCount(): number {
    return this.#rowCount;
  }

  append(validity: Validity, rowCount: number): void {
    for (let row = 0, at = this.#rowCount; row < rowCount; row++, at++) {
      if (isMissing(validity, row)) this.#nullCount++;
      else this.#bits[at >> 3] |= 1 << (at & 7);
    }
    this.#rowCount += rowCount;
  }

  finish(): { readonly rowCount: number; readonly nullCount: number; readonly nullBitmap: Uint8Array | null } {
    const nullBitmap = this.#nullCount === 0 ? null : this.#bits;
    return { rowCount: this.#rowCount, nullCount: this.#nullCount, nullBitmap };
  }
}
