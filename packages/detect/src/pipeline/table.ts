/** A table with named columns of several kinds: what files and callers hold before the pipeline makes numbers of it. */

import type { DateWriting, NumberWriting } from "./writing.ts";

/** Missing numbers, dates and booleans are NaN; infinity is kept, and refused when it reaches a detector. */
export interface NumberColumn {
  readonly kind: "number";
  readonly name: string;
  readonly values: Float64Array;
  /** How the numbers were written, if another way than a program's: the model then reads texts in the same way. */
  readonly writing?: NumberWriting;
}

/** Milliseconds since 1970-01-01 UTC. */
export interface DateColumn {
  readonly kind: "date";
  readonly name: string;
  readonly values: Float64Array;
  /** How the dates were written, if not in ISO form. */
  readonly writing?: DateWriting;
}

/** 0, 1, or NaN for missing. */
export interface BooleanColumn {
  readonly kind: "boolean";
  readonly name: string;
  readonly values: Float64Array;
}

/** null is missing; so is the empty text. */
export interface TextColumn {
  readonly kind: "text";
  readonly name: string;
  readonly values: readonly (string | null)[];
}

export type Column = NumberColumn | DateColumn | BooleanColumn | TextColumn;
export type ColumnKind = Column["kind"];

/** Every column has `rowCount` values; names differ. A chunk of a file is a table too. */
export interface Table {
  readonly rowCount: number;
  readonly columns: readonly Column[];
}
