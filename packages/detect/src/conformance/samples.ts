/** The tables that detectors are checked on: made from a seed, with structure, anomalies and values exact in few bits. */

import type { Matrix } from "../matrix.ts";
import { zeros } from "../matrix.ts";
import type { Random } from "../random.ts";
import { createRandom } from "../random.ts";

/** Values are whole multiples of this: equal on every engine, and shifted and scaled by powers of two without rounding. */
const step = 1 / 1024;
/** Distance of planted anomalies from the bulk, in standard deviations. */
const anomalyDistance = 9;

export interface Sample {
  readonly name: string;
  readonly train: Matrix;
  /** New rows: most like the training rows, some training rows again, some far away. */
  readonly fresh: Matrix;
}

export interface LabelledSample {
  readonly rows: Matrix;
  readonly labels: Uint8Array;
}

/** Two correlated clusters of columns in different units, 4 in 100 rows anomalous. */
export function clusteredSample(rowCount = 120, columnCount = 4, seed = 1): Sample {
  const random = createRandom(seed);
  const train = zeros(rowCount, columnCount);
  for (let row = 0; row < rowCount; row++) writeRow(train, row, random, row % 25 === 13 ? "anomaly" : "bulk");
  const fresh = zeros(33, columnCount);
  for (let row = 0; row < fresh.rowCount; row++) writeRow(fresh, row, random, row % 11 === 5 ? "anomaly" : "bulk");
  for (let row = 0; row < 3; row++) {
    fresh.values.set(train.values.subarray(row * columnCount, (row + 1) * columnCount), row * columnCount);
  }
  return { name: `clusters ${rowCount} x ${columnCount}`, train, fresh };
}

/** Every twentieth row, each by itself. */
const isSingle = (row: number) => row % 20 === 7;
/** Eight rows in a row, the first ones after 300 others: a series tells what is usual first, and then an event lasts a while. */
const isEvent = (row: number) => row >= 300 && row % 300 < 8;

/** One round cloud of unit spread with anomalies well outside, in every direction: any sane method finds them. */
export function easySample(rowCount = 240, columnCount = 3): LabelledSample {
  return cloudWith(isSingle, rowCount, columnCount);
}

/** The same cloud as a series whose anomalies are few events: any sane method for series finds them. */
export function easySeries(columnCount: number): LabelledSample {
  return cloudWith(isEvent, 1500, columnCount);
}

function cloudWith(isAnomaly: (row: number) => boolean, rowCount: number, columnCount: number, seed = 2): LabelledSample {
  const random = createRandom(seed);
  const rows = zeros(rowCount, columnCount);
  const labels = new Uint8Array(rowCount);
  for (let row = 0; row < rowCount; row++) {
    const direction = Float64Array.from({ length: columnCount }, () => random.normal());
    labels[row] = isAnomaly(row) ? 1 : 0;
    const length = labels[row] === 1 ? anomalyDistance / Math.hypot(...direction) : 1;
    for (let column = 0; column < columnCount; column++)
      rows.values[row * columnCount + column] = rounded(direction[column] * length);
  }
  return { rows, labels };
}

/** Rows spread evenly over a cube: no clusters, no axes, no anomalies. */
export function shapelessSample(rowCount = 200, columnCount = 4): Sample {
  const random = createRandom(6);
  const [train, fresh] = [zeros(rowCount, columnCount), zeros(9, columnCount)];
  for (const { values } of [train, fresh]) for (let i = 0; i < values.length; i++) values[i] = rounded(random.uniform());
  return { name: "shapeless", train, fresh };
}

/** Degenerate tables of three columns, on which careless arithmetic fails; each is named by what it holds. */
export function degenerateSamples(rowCount = 60): Sample[] {
  const random = createRandom(3);
  const cell: Record<string, (row: number, column: number) => number> = {
    "one constant column": (_row, column) => (column === 1 ? 5 : rounded(random.normal())),
    "all columns constant": (_row, column) => column - 1,
    "all rows alike but one": (row) => (row === 30 ? 1 : 0),
    "two values": (row, column) => (row >> column) & 1,
    "every row many times": (row, column) => (row % 7) * (column + 1),
    "few values": () => random.integer(4),
    "huge values": () => rounded(random.normal()) * 1e300,
    "huge and ordinary columns": (_row, column) => rounded(random.normal()) * (column === 0 ? 1e300 : 1),
    "one huge value": (row, column) => (row === 17 && column === 2 ? 1e300 : rounded(random.normal())),
    "tiny values": () => rounded(random.normal()) * 1e-300,
    "subnormal values": () => random.integer(9) * 5e-324,
    "equal columns": (row) => row / 8,
    "a large offset": () => 1e15 + random.integer(64),
  };
  return Object.entries(cell).map(([name, valueAt]) => {
    const train = zeros(rowCount, 3);
    for (let i = 0; i < train.values.length; i++) train.values[i] = valueAt(Math.floor(i / 3), i % 3);
    const fresh = zeros(9, 3);
    fresh.values.set(train.values.subarray(0, 15));
    fresh.values.set([5, 0, 1, -1e300, 1e300, 0, 5e-324, -0, 2, 1e15, 1e15, 1e15], 15);
    return { name, train, fresh };
  });
}

function writeRow(table: Matrix, row: number, random: Random, kind: "bulk" | "anomaly"): void {
  const { columnCount, values } = table;
  const cluster = random.uniform() < 0.6 ? -2 : 2;
  const shared = random.normal();
  for (let column = 0; column < columnCount; column++) {
    const usual = cluster * (column % 2 === 0 ? 1 : -1) + 0.7 * shared + 0.7 * random.normal();
    const unusual = random.uniform() < 0.5 ? anomalyDistance : -anomalyDistance;
    // Units of 1, 4, 16, 1/4: powers of two keep the values exact.
    const unit = [1, 4, 16, 0.25][column % 4];
    values[row * columnCount + column] = rounded(kind === "bulk" ? usual : unusual + random.normal()) * unit;
  }
}

function rounded(value: number): number {
  return Math.round(value / step) * step;
}
