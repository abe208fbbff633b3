/** A table with named columns of several kinds: what files and callers hold before the pipeline makes numbers of it. */

import type { DateWriting, NumberWriting } from "./writing.ts";

/** Missing numbers, dates and booleans are NaN; infinity is kept, and refused when it reaches a detector. */
export interface NumberColumn {
  /** Marks a column of numbers. */
  readonly kind: "number";
  /** Name of the column. */
  readonly name: string;
  /** One value a row. */
  readonly values: Float64Array;
  /** How the numbers were written, if another way than a program's: the model then reads texts in the same way. */
  readonly writing?: NumberWriting;
}

/** Milliseconds since 1970-01-01 UTC. */
export interface DateColumn {
  /** Marks a column of dates. */
  readonly kind: "date";
  /** Name of the column. */
  readonly name: string;
  /** One value a row. */
  readonly values: Float64Array;
  /** How the dates were written, if not in ISO form. */
  readonly writing?: DateWriting;
}

/** 0, 1, or NaN for missing. */
export interface BooleanColumn {
  /** Marks a column of true and false. */
  readonly kind: "boolean";
  /** Name of the column. */
  readonly name: string;
  /** One value a row. */
  readonly values: Float64Array;
}

/** null is missing; so is the empty text. */
export interface TextColumn {
  /** Marks a column of texts. */
  readonly kind: "text";
  /** Name of the column. */
  readonly name: string;
  /** One value a row. */
  readonly values: readonly (string | null)[];
}

/** A column with its name and values. */
export type Column = NumberColumn | DateColumn | BooleanColumn | TextColumn;
/** What a column holds. */
export type ColumnKind = Column["kind"];

/** Every column has `rowCount` values; names differ. A chunk of a file is a table too. */
export interface Table {
  /** Rows in every column. */
  readonly rowCount: number;
  /** The columns, in order. */
  readonly columns: readonly Column[];
}
