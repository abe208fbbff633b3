/**
 * `npm run bench:estimates`: how long a fit is estimated to take before it starts, over what it takes, in processor seconds of one thread.
 * Options: --only WORD, --rows N,N, --columns N,N, --kinds WORD,WORD, --seconds N (fits estimated to take longer are not tried; default 60).
 */

import { parseArgs } from "node:util";
import { detect, detectors, type FitOptions, type Table } from "@nomaly/detect";
import { createRandom } from "../packages/detect/src/random.ts";
import { estimateFit } from "../packages/platform/src/table-work/fit-estimate.ts";

const { values: given } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    rows: { type: "string", default: "1000,10000,100000" },
    columns: { type: "string", default: "2,16,100" },
    kinds: { type: "string", default: "normal,clusters,heavy" },
    seconds: { type: "string", default: "60" },
  },
});
const numbers = (list: string) => list.split(",").map(Number);

/** One generator of values a kind of data; `before` are the rows so far. */
const kinds: Readonly<Record<string, (columnCount: number) => (row: Float64Array, before: Float64Array) => void>> = {
  normal(columnCount) {
    const random = createRandom(columnCount);
    return (row) => row.forEach((_, column) => (row[column] = random.normal()));
  },
  /** Ten clusters of values with one decimal; three rows in ten are copies. */
  clusters(columnCount) {
    const random = createRandom(columnCount);
    const centers = Array.from({ length: 10 * columnCount }, () => 4 * random.normal());
    return (row, before) => {
      if (before.length > 0 && random.uniform() < 0.3) {
        const from = random.integer(before.length / columnCount) * columnCount;
        row.set(before.subarray(from, from + columnCount));
        return;
      }
      const from = random.integer(10) * columnCount;
      row.forEach((_, column) => (row[column] = Math.round(10 * (centers[from + column] + random.normal())) / 10));
    };
  },
  /** Sums of three factors and noise, all with two degrees of freedom. */
  heavy(columnCount) {
    const random = createRandom(columnCount);
    const weights = Array.from({ length: 3 * columnCount }, () => random.normal());
    const heavy = () => random.normal() / Math.sqrt(-Math.log(1 - random.uniform()));
    return (row) => {
      const factors = [heavy(), heavy(), heavy()];
      row.forEach((_, column) => {
        row[column] = factors.reduce((sum, factor, i) => sum + factor * weights[3 * column + i], heavy() / 5);
      });
    };
  },
};

console.log("| detector | data | rows x columns | estimated s | taken s | ratio |\n| --- | --- | --- | --- | --- | --- |");
for (const kind of given.kinds.split(",")) {
  for (const columnCount of numbers(given.columns)) {
    for (const rowCount of numbers(given.rows)) {
      const rows = tableOf(kind, rowCount, columnCount);
      for (const { id, traits } of detectors) {
        if (id.includes(given.only) && columnCount <= (traits.columnMaximum ?? columnCount))
          console.log(`| ${id} | ${kind} | ${rowCount} x ${columnCount} | ${await compared(rows, id)} |`);
      }
    }
  }
}

async function compared(rows: Table, detector: FitOptions["detector"]): Promise<string> {
  const options: FitOptions = { ...(detector === undefined ? {} : { detector }), seed: 1, threads: 1 };
  const estimate = await estimateFit({ rows, options, scoredRowCount: 0, secondsMin: 0 }, processorMs);
  if (estimate === undefined) return "none | - | -";
  const { seconds } = estimate;
  if (seconds > Number(given.seconds)) return `${seconds.toPrecision(2)} | not tried | -`;
  const before = processorMs();
  await detect(rows, options);
  const taken = (processorMs() - before) / 1000;
  return `${seconds.toPrecision(2)} | ${taken.toPrecision(2)} | ${(seconds / taken).toFixed(2)}`;
}

/** Whatever else runs on the machine does not count. */
function processorMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function tableOf(kind: string, rowCount: number, columnCount: number): Table {
  const values = new Float64Array(rowCount * columnCount);
  const fill = kinds[kind](columnCount);
  for (let at = 0; at < values.length; at += columnCount) fill(values.subarray(at, at + columnCount), values.subarray(0, at));
  const columns = Array.from({ length: columnCount }, (_, column) => ({
    kind: "number" as const,
    name: `c${column}`,
    values: Float64Array.from({ length: rowCount }, (__, row) => values[row * columnCount + column]),
  }));
  return { rowCount, columns };
}
