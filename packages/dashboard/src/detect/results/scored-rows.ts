/** The rows of a result that the page shows: those of the highest scores, and a sample of all. */

import type { Client, Result } from "nomaly/client";

export interface ScoredRow {
  /** By name of the column, as they stand in the result. */
  readonly values: Readonly<Record<string, unknown>>;
  readonly score: number;
  readonly rank: number;
}

export interface ShownRows {
  /** Highest score first; all rows if the result has no more. */
  readonly top: readonly ScoredRow[];
  /** Of the rows below those of `top`, spread evenly over their scores, highest first. */
  readonly rest: readonly ScoredRow[];
}

const topCountMax = 500;
const sampleCountMax = 1200;
/** Wide rows are fewer, so that a page holds at most about so many values. */
const valuesMax = 200_000;

export async function readShownRows(
  client: Client,
  result: Result,
  columnCount: number,
  signal: AbortSignal,
): Promise<ShownRows> {
  const share = Math.min(1, valuesMax / (columnCount * (topCountMax + sampleCountMax)));
  const [limit, sample] = [topCountMax, sampleCountMax].map((count) => Math.max(20, Math.floor(count * share)));
  const [score, , rank] = addedColumnsOf(result);
  const read = async (chosen: { readonly limit?: number; readonly sample?: number }): Promise<readonly ScoredRow[]> => {
    const file = await client.results.file(result.id, "ndjson", { sort: "score", ...chosen, signal, timeoutMs: 120_000 });
    return rowsOf(await file.text(), score, rank);
  };
  const [top, spread] = await Promise.all([read({ limit }), read({ sample })]);
  const lowest = top.at(-1)?.score ?? 0;
  return { top, rest: top.length < limit ? [] : spread.filter((row) => row.score < lowest) };
}

/** The names that scores, labels and ranks have in the rows of a result. */
function addedColumnsOf({ summary }: Result): readonly string[] {
  const names = summary["added_columns"];
  return Array.isArray(names) ? names.map(String) : ["anomaly_score", "is_anomaly", "rank"];
}

function rowsOf(ndjson: string, score: string, rank: string): readonly ScoredRow[] {
  const lines = ndjson.split("\n").filter((line) => line !== "");
  return lines.map((line) => {
    const values = JSON.parse(line) as Readonly<Record<string, unknown>>;
    return { values, score: Number(values[score]), rank: Number(values[rank]) };
  });
}
