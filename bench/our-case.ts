/** Runs one benchmark case on our side in a process of its own and prints one line of JSON, as the peer's script does. */

import { close, detect, detectorById } from "@nomaly/detect";
import type { AnomalyModel } from "@nomaly/detect";
import { readValues } from "./data.ts";
import type { CaseRequest, Measurement } from "./measure.ts";
import { median } from "./measure.ts";

const rowRunCount = 2000;

const request = JSON.parse(process.argv[2]) as CaseRequest;
const values = await readValues(request.file, request.rows * request.columns);
const rows = { values, columnCount: request.columns };
const { params, threads } = request;
const detector = detectorById(request.detector).id;
// A tenth of the rows first, as on the peer's side, to start threads and compile code.
await detect(
  { values: values.slice(0, Math.floor(request.rows / 10) * request.columns), columnCount: request.columns },
  { detector, params, threads },
);
const beforeFit = performance.now();
const { model } = await detect(rows, { detector, params, threads });
const fit = (performance.now() - beforeFit) / 1000;
const score = request.mode === "row" ? rowSeconds(model) : request.score ? await scoreSeconds(model) : 0;
const result: Measurement = { fit, score, peakBytes: process.resourceUsage().maxRSS * 1024 };
console.log(JSON.stringify(result));
await close();

async function scoreSeconds(model: AnomalyModel): Promise<number> {
  const start = performance.now();
  await model.scoreAsync(rows, { threads });
  return (performance.now() - start) / 1000;
}

/** Scores one row at a time, each another one; takes the median of the second half, after the engine has compiled. */
function rowSeconds(model: AnomalyModel): number {
  const taken: number[] = [];
  for (let run = 1; run <= rowRunCount; run++) {
    const row = values.slice(run * request.columns, (run + 1) * request.columns);
    const start = performance.now();
    model.score({ values: row, columnCount: request.columns });
    taken.push((performance.now() - start) / 1000);
  }
  return median(taken.slice(rowRunCount / 2));
}
