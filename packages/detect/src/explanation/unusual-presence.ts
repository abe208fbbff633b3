/** Which columns of a row the pipeline's presence column counts: those unusually missing, and those unusually there. */

import { countedOf, type Pipeline } from "../pipeline/pipeline.ts";

/** @param column index of a pipeline column. */
export type IsMissing = (row: number, column: number) => boolean;

export interface UnusualPresence {
  /** Indexes of all pipeline columns that are counted. */
  readonly counted: readonly number[];
  /** Indexes of those that are counted in this row. */
  in(row: number): readonly number[];
}

export function unusualPresence({ columns }: Pipeline, isMissing: IsMissing): UnusualPresence {
  const counted = columns.flatMap(({ encoding }, index) => (countedOf(encoding) === undefined ? [] : [index]));
  return {
    counted,
    in: (row) => counted.filter((index) => isMissing(row, index) === (countedOf(columns[index].encoding) === "missing")),
  };
}
