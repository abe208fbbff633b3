/** The detector under check, with everything that checks share: samples, corners of its parameters, fits made once. */

import type { AnyDetector, FitContext, Fitted, Model } from "../detector/detector.ts";
import type { ParamValue } from "../detector/params.ts";
import { parseParams } from "../detector/params.ts";
import type { ErrorCode } from "../errors.ts";
import { NomalyError } from "../errors.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { Matrix } from "../matrix.ts";
import { createRandom } from "../random.ts";
import { singleThread } from "../threads/single-thread.ts";
import { taskTable } from "../threads/task-table.ts";
import type { Report } from "./check.ts";
import type { Corner } from "./corners.ts";
import { cornersOf } from "./corners.ts";
import type { GoldenScores } from "./golden-scores.ts";
import type { Sample } from "./samples.ts";
import { clusteredSample } from "./samples.ts";

export interface SubjectOptions {
  /** The first is the reference, the last the one that checks of a single set use. */
  readonly kernelSets: readonly KernelSet[];
  /** Scores to compare with; without them that check does not apply. */
  readonly golden?: GoldenScores;
  /** A fit of 120 rows that takes longer is stopped and does not count as ending; far above what any needs. */
  readonly fitTimeoutMs?: number;
}

export interface FitOptions extends Partial<FitContext> {
  readonly corner?: Corner;
  /** Passed on as they are, in the place of the corner's. */
  readonly params?: Readonly<Record<string, ParamValue>>;
  readonly seed?: number;
}

/** A fit of the shared sample, made once: checks must not update its model. */
export interface SharedFit {
  readonly corner: Corner;
  readonly kernels: KernelSet;
  readonly fitted: Fitted;
  /** Scores of the sample's fresh rows, all at once. */
  readonly freshScores: Float64Array;
}

export interface Subject {
  readonly detector: AnyDetector;
  readonly kernelSets: readonly KernelSet[];
  /** The set that checks of a single set use. */
  readonly kernels: KernelSet;
  readonly golden: GoldenScores | undefined;
  readonly sample: Sample;
  /** Corners that these rows allow; the defaults first. */
  readonly corners: readonly Corner[];
  /** Corners whose fit did not end in time: no other check tries them. */
  readonly endless: readonly Corner[];
  /** A fresh fit. */
  fit(train: Matrix, options?: FitOptions): Promise<Fitted>;
  /** The shared fit of a corner under a kernel set. */
  shared(corner: Corner, kernels: KernelSet): Promise<SharedFit>;
  /** Visits every corner under every kernel set; faults carry both names. */
  eachFit(report: Report, visit: (fit: SharedFit, report: Report) => Promise<void> | void): Promise<void>;
}

const seedOfShared = 11;
const defaultFitTimeoutMs = 15_000;

/** Fits the defaults and every corner once, to learn which corners the sample's rows allow. */
export async function createSubject(detector: AnyDetector, options: SubjectOptions): Promise<Subject> {
  const { kernelSets } = options;
  const kernels = kernelSets[kernelSets.length - 1];
  const sample = clusteredSample();
  const tasks = taskTable([detector]);
  const sharedFits = new Map<string, SharedFit>();

  function fit(train: Matrix, fitOptions: FitOptions = {}): Promise<Fitted> {
    const { corner, seed, params: givenParams, ...context } = fitOptions;
    const params = givenParams ?? parseParams(detector.id, detector.params, corner?.params ?? {});
    const defaults = { random: createRandom(seed ?? seedOfShared), kernels, threads: singleThread(tasks) };
    return detector.fit(train, params as never, { ...defaults, ...context });
  }

  async function shared(corner: Corner, kernelSet: KernelSet, signal?: AbortSignal): Promise<SharedFit> {
    const key = `${corner.label} ${kernelSet.name}`;
    const held = sharedFits.get(key);
    if (held !== undefined) return held;
    const fitted = await fit(copyOf(sample.train), { corner, kernels: kernelSet, ...(signal && { signal }) });
    const made = { corner, kernels: kernelSet, fitted, freshScores: scoresOf(fitted.model, sample.fresh) };
    sharedFits.set(key, made);
    return made;
  }

  const corners: Corner[] = [];
  const endless: Corner[] = [];
  for (const corner of cornersOf(detector.params)) {
    const timeout = AbortSignal.timeout(options.fitTimeoutMs ?? defaultFitTimeoutMs);
    const refusal = await refusalOf(() => shared(corner, kernels, timeout));
    if (refusal === "ABORTED" && timeout.aborted) endless.push(corner);
    // A value may be too large for 120 rows, and PARAM is how a fit says so. Other errors are for the checks to find.
    else if (refusal !== "PARAM" || corner.label === "default") corners.push(corner);
  }

  async function eachFit(report: Report, visit: (made: SharedFit, report: Report) => Promise<void> | void): Promise<void> {
    for (const corner of corners) {
      for (const kernelSet of kernelSets) {
        const under = `${corner.label}, ${kernelSet.name}`;
        try {
          await visit(await shared(corner, kernelSet), (fault) => report(`${under}: ${fault}`));
        } catch (error) {
          report(`${under}: threw ${String(error)}`);
        }
      }
    }
  }

  return { detector, kernelSets, kernels, golden: options.golden, sample, corners, endless, fit, shared, eachFit };
}

async function refusalOf(work: () => Promise<unknown>): Promise<ErrorCode | "other" | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error instanceof NomalyError ? error.code : "other";
  }
}

export function scoresOf(model: Model, rows: Matrix): Float64Array {
  const scores = new Float64Array(rows.rowCount);
  model.scoreInto(rows, scores);
  return scores;
}

export function copyOf(table: Matrix): Matrix {
  return { ...table, values: table.values.slice() };
}
