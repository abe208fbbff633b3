/** Runs both sides of a case in turn, each time in a fresh process, and takes medians. */

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { BenchCase } from "./cases.ts";

const run = promisify(execFile);
const caseMsMax = 15 * 60_000;

/** Seconds of fit and of scoring, and the largest memory that the process held. */
export interface Measurement {
  readonly fit: number;
  readonly score: number;
  readonly peakBytes: number;
}

export interface CaseRequest {
  readonly detector: string;
  readonly module: string;
  readonly class: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly file: string;
  readonly rows: number;
  readonly columns: number;
  readonly threads: number;
  readonly mode: "batch" | "row";
  readonly score: boolean;
}

export interface Comparison {
  readonly benchCase: BenchCase;
  readonly ours: Measurement;
  /** Undefined where the peer was not run or failed. */
  readonly peer: Measurement | undefined;
  readonly peerError: string | undefined;
  /** Smallest and largest ratio of the pairs of runs, fit and scoring together. */
  readonly ratios: readonly number[];
}

export interface MeasureOptions {
  readonly runCount: number;
  readonly threads: number;
  /** The Python of the peers' environment; where it is undefined, only our side is measured. */
  readonly python: string | undefined;
}

export async function compare(benchCase: BenchCase, file: string, options: MeasureOptions): Promise<Comparison> {
  const ours: Measurement[] = [];
  const peers: Measurement[] = [];
  let peerError: string | undefined;
  for (let index = 0; index < options.runCount; index++) {
    ours.push(await measureOurs(benchCase, file, options.threads));
    if (options.python === undefined || peerError !== undefined) continue;
    try {
      peers.push(await measurePeer(benchCase, file, options.threads, options.python));
    } catch (error) {
      // The peer cannot run this case: that is a result, which the table shows.
      peerError =
        String((error as { stderr?: string }).stderr ?? error)
          .trim()
          .split("\n")
          .at(-1) ?? "failed";
    }
  }
  return {
    benchCase,
    ours: medianOf(ours),
    peer: peers.length === 0 ? undefined : medianOf(peers),
    peerError,
    ratios: peers.map((peer, index) => seconds(benchCase, peer) / seconds(benchCase, ours[index])),
  };
}

/** The compared time: scoring for one row, else fit and scoring together. */
export function seconds(benchCase: BenchCase, measurement: Measurement): number {
  return benchCase.mode === "row" ? measurement.score : measurement.fit + measurement.score;
}

export async function measureOurs(benchCase: BenchCase, file: string, threads: number): Promise<Measurement> {
  const request = requestOf(benchCase, file, threads, benchCase.params);
  // Without the condition "source", so that this runs the built package, as users have it.
  const args = [join(import.meta.dirname, "our-case.ts"), JSON.stringify(request)];
  const { stdout } = await run(process.execPath, args, { timeout: caseMsMax });
  return JSON.parse(stdout) as Measurement;
}

async function measurePeer(benchCase: BenchCase, file: string, threads: number, python: string): Promise<Measurement> {
  const request = {
    ...requestOf(benchCase, file, threads, benchCase.peer.params),
    score: benchCase.score || benchCase.peerMustScore === true,
  };
  const env = {
    ...process.env,
    OMP_NUM_THREADS: String(threads),
    OPENBLAS_NUM_THREADS: String(threads),
    NUMBA_NUM_THREADS: String(threads),
  };
  const args = [join(import.meta.dirname, "peers/peer_case.py"), JSON.stringify(request)];
  const { stdout } = await run(python, args, { timeout: caseMsMax, env });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as Measurement;
}

function requestOf(benchCase: BenchCase, file: string, threads: number, params: CaseRequest["params"]): CaseRequest {
  const { detector, peer, rowCount, columnCount, mode, score } = benchCase;
  return {
    detector,
    module: peer.module,
    class: peer.class,
    params,
    file,
    rows: rowCount,
    columns: columnCount,
    threads,
    mode,
    score,
  };
}

function medianOf(measurements: readonly Measurement[]): Measurement {
  return {
    fit: median(measurements.map((one) => one.fit)),
    score: median(measurements.map((one) => one.score)),
    peakBytes: median(measurements.map((one) => one.peakBytes)),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
