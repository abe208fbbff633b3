/** The tables that a detector is asked about: not shorter than it needs, not wider than it takes, with events in time where it scores series. */

import type { Traits } from "../detector/traits.ts";
import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { LabelledSample, Sample } from "./samples.ts";
import { clusteredSample, degenerateSamples, easySample, easySeries, shapelessSample } from "./samples.ts";

/** The samples, cut to what a detector takes. */
export interface Tables {
  /** {@link clusteredSample} of about this size. */
  clustered(rowCount?: number, columnCount?: number, seed?: number): Sample;
  /** A table whose anomalies anyone can see. */
  easy(columnCount?: number): LabelledSample;
  /** Rows without structure. */
  shapeless(): Sample;
  /** Tables on which careless arithmetic fails. */
  degenerate(): Sample[];
  /** Those of the widths that the detector takes. */
  widths(wanted: readonly number[]): number[];
}

/** Rows of a table, in units of the fewest that a fit accepts: the fit is then about more than its first rows. */
const minimumFactor = 2;

export function tablesFor({ rowMinimum, columnMaximum, scoresSeries }: Traits): Tables {
  const widthMax = columnMaximum ?? Number.POSITIVE_INFINITY;
  const rowsFor = (rowCount: number) => Math.max(rowCount, minimumFactor * rowMinimum);
  const widthFor = (columnCount: number) => Math.min(columnCount, widthMax);
  return {
    clustered: (rowCount = 120, columnCount = 4, seed = 1) => clusteredSample(rowsFor(rowCount), widthFor(columnCount), seed),
    easy: (columnCount = 3) => (scoresSeries ? easySeries(widthFor(columnCount)) : easySample(240, widthFor(columnCount))),
    shapeless: () => shapelessSample(rowsFor(200), widthFor(4)),
    degenerate: () => degenerateSamples(rowsFor(60)).flatMap((sample) => narrowed(sample, widthMax)),
    widths: (wanted) => wanted.filter((width) => width <= widthMax),
  };
}

/** The sample's columns, at most `widthMax` at a time: no column is left out. */
function narrowed(sample: Sample, widthMax: number): Sample[] {
  const width = sample.train.columnCount;
  if (width <= widthMax) return [sample];
  const parts: Sample[] = [];
  for (let start = 0; start < width; start += widthMax) {
    const end = Math.min(start + widthMax, width);
    const cut = (table: Matrix) => columnsOf(table, start, end);
    parts.push({ name: `${sample.name}, columns from ${start}`, train: cut(sample.train), fresh: cut(sample.fresh) });
  }
  return parts;
}

function columnsOf({ rowCount, columnCount, values }: Matrix, start: number, end: number): Matrix {
  const part = zeros(rowCount, end - start);
  for (let at = 0; at < part.values.length; at++) {
    const row = Math.floor(at / part.columnCount);
    part.values[at] = values[row * columnCount + start + (at % part.columnCount)];
  }
  return part;
}
