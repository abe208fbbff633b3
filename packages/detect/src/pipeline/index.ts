/** The pipeline: from rows as callers hold them to the matrix that a detector reads. */

export { columnSource } from "./column-source.ts";
export type { Cell, ColumnSource, NumericRows, RowsInput } from "./column-source.ts";
export { encodeRows } from "./encode.ts";
export { learnPipeline } from "./learn.ts";
export type { PipelineOptions } from "./learn.ts";
export { categoryEncodings, missingPolicies, pipelineWidth, scalings, sourceColumns } from "./pipeline.ts";
export type {
  CategoryEncoding,
  CategoryProfile,
  ColumnProfile,
  MissingPolicy,
  NumberProfile,
  Pipeline,
  PipelineColumn,
  Scaling,
  SkippedColumn,
} from "./pipeline.ts";
export { parsePipeline } from "./pipeline-state.ts";
export type { BooleanColumn, Column, ColumnKind, DateColumn, NumberColumn, Table, TextColumn } from "./table.ts";
export {
  blank,
  centuryYear,
  dateOfWriting,
  dateOrders,
  datePattern,
  numberOfWriting,
  numberPattern,
  thousandsMarks,
} from "./writing.ts";
export type { DateOrder, DateWriting, DecimalMark, NumberWriting, ThousandsMark, Writing } from "./writing.ts";
