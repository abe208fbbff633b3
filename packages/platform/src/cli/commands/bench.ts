/** `nomaly bench`: measures the seconds to fit and to score random rows on this machine. */

import { createRandom, defaultSeed, detectorById, type DetectorId, fit } from "@nomaly/detect";
import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { isCoded } from "../frame/exit-codes.ts";
import { tableDetectorIds } from "../fitting/asked-detectors.ts";
import { threadCountOf } from "../fitting/open-input.ts";
import { createProgress } from "../frame/progress-bar.ts";

interface Measured {
  readonly algorithm: string;
  readonly fitSeconds: number | undefined;
  readonly scoreSeconds: number | undefined;
  readonly failure: string | undefined;
}

/** One row in this many is an outlier. */
const outlierEvery = 100;

export async function runBench(given: Arguments, context: CliContext): Promise<void> {
  const rowCount = given.number("rows", { min: 10, max: 1e8, whole: true }) ?? 10_000;
  const columnCount = given.number("columns", { min: 1, max: 1000, whole: true }) ?? 10;
  const seed = given.number("seed", { min: 0, max: Number.MAX_SAFE_INTEGER, whole: true }) ?? defaultSeed;
  const names = given.list("algorithm")?.map((name) => detectorById(name).id) ?? tableDetectorIds();
  const rows = { values: madeUpValues(rowCount, columnCount, seed), columnCount };
  const progress = createProgress(context, given);
  const results: Measured[] = [];
  for (const [index, algorithm] of names.entries()) {
    progress.report(algorithm, index / names.length);
    results.push(await measure(algorithm, rows, { seed, threads: threadCountOf(given), context }));
  }
  progress.clear();
  if (given.has("json")) {
    const document = results.map((result) => ({
      algorithm: result.algorithm,
      fit_seconds: result.fitSeconds,
      score_seconds: result.scoreSeconds,
      ...(result.failure === undefined ? {} : { failure: result.failure }),
    }));
    return sayJson(context, { row_count: rowCount, column_count: columnCount, seed, results: document });
  }
  say(context, benchText(results, { rowCount, columnCount, context }));
}

/** Normally distributed values, and outliers. */
function madeUpValues(rowCount: number, columnCount: number, seed: number): Float64Array {
  const values = new Float64Array(rowCount * columnCount);
  const random = createRandom(seed);
  for (let at = 0; at < values.length; at++) {
    const isOutlier = Math.floor(at / columnCount) % outlierEvery === 0;
    values[at] = random.normal() * (isOutlier ? 3 : 1);
  }
  return values;
}

async function measure(
  algorithm: DetectorId,
  rows: { readonly values: Float64Array; readonly columnCount: number },
  { seed, threads, context }: { readonly seed: number; readonly threads: number | undefined; readonly context: CliContext },
): Promise<Measured> {
  const options = { seed, signal: context.signal, ...(threads === undefined ? {} : { threads }) };
  try {
    const startedAt = context.now();
    const model = await fit(rows, { detector: algorithm, ...options });
    const fittedAt = context.now();
    await model.scoreAsync(rows, options);
    return {
      algorithm,
      fitSeconds: (fittedAt - startedAt) / 1000,
      scoreSeconds: (context.now() - fittedAt) / 1000,
      failure: undefined,
    };
  } catch (error) {
    if (!isCoded(error) || error.code === "ABORTED") throw error;
    return { algorithm, fitSeconds: undefined, scoreSeconds: undefined, failure: error.message };
  }
}

function benchText(
  results: readonly Measured[],
  { rowCount, columnCount, context }: { readonly rowCount: number; readonly columnCount: number; readonly context: CliContext },
): string {
  const paint = painter(context.colour);
  const width = Math.max(...results.map(({ algorithm }) => algorithm.length));
  const lines = results.map(({ algorithm, fitSeconds, scoreSeconds, failure }) =>
    failure === undefined
      ? `${algorithm.padEnd(width)}  ${(fitSeconds ?? 0).toFixed(3).padStart(8)}  ${(scoreSeconds ?? 0).toFixed(3).padStart(8)}`
      : `${algorithm.padEnd(width)}  ${failure}`,
  );
  const head = `${"".padEnd(width)}  ${"fit s".padStart(8)}  ${"score s".padStart(8)}`;
  return [
    `${rowCount.toLocaleString("en-US")} rows, ${columnCount} columns; fit includes the scores of the rows fitted`,
    paint(head, "dim"),
    ...lines,
  ].join("\n");
}
