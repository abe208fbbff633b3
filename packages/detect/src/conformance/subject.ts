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
import { availableKernelSets } from "./available-kernel-sets.ts";
import type { Report } from "./check.ts";
import type { Corner } from "./corners.ts";
import { cornersOf } from "./corners.ts";
import type { GoldenScores } from "./golden-scores.ts";
import type { Sample } from "./samples.ts";
import { type Tables, tablesFor } from "./tables.ts";

/** How a detector is checked. */
export interface SubjectOptions {
  /** Kernel sets to check, the reference first; checks of a single set use the last. Default: all that this engine runs. */
  readonly kernelSets?: readonly KernelSet[];
  /** Scores to compare with; without them that check does not apply. */
  readonly golden?: GoldenScores;
  /** After this time a fit is stopped and counts as endless. No sound fit of these tables takes nearly as long. */
  readonly fitTimeoutMs?: number;
  /** The table that most checks use; a small one of two clusters by default. Golden scores are those of the default. */
  readonly sample?: Sample;
  /** Parameters to try, the defaults first; by default each other value of each parameter, one at a time. */
  readonly corners?: readonly Corner[];
  /** Seed of the shared fits. */
  readonly seed?: number;
}

export interface FitOptions extends Partial<FitContext> {
  readonly corner?: Corner;
  /** Parameters handed to the fit as they are, in the place of the corner's. */
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

/** A detector under test, with what its checks share. */
export interface Subject {
  /** The detector under test. */
  readonly detector: AnyDetector;
  /** The kernel sets that this engine runs. */
  readonly kernelSets: readonly KernelSet[];
  /** The kernel set that checks of a single set use. */
  readonly kernels: KernelSet;
  /** The scores on record, where there are some. */
  readonly golden: GoldenScores | undefined;
  /** Other tables, as this detector takes them. */
  readonly tables: Tables;
  /** Rows to fit and score. */
  readonly sample: Sample;
  /** Corners that these rows allow; the defaults first. */
  readonly corners: readonly Corner[];
  /** Corners whose fit did not end in time: no other check tries them. */
  readonly endless: readonly Corner[];
  /** A fresh fit. */
  fit(train: Matrix, options?: FitOptions): Promise<Fitted>;
  /** The shared fit of a corner under a kernel set. */
  shared(corner: Corner, kernels: KernelSet): Promise<SharedFit>;
  /** Visits every corner, also after an error in one; faults and errors carry the corner's name. */
  eachCorner(report: Report, visit: (corner: Corner, report: Report) => Promise<void>): Promise<void>;
  /** Visits the shared fit of every corner under every kernel set, in the same way. */
  eachFit(report: Report, visit: (fit: SharedFit, report: Report) => Promise<void> | void): Promise<void>;
}

const seedOfShared = 11;
const defaultFitTimeoutMs = 15_000;

/** Fits the defaults and every corner once, to learn which corners the sample's rows allow. */
export async function createSubject(detector: AnyDetector, options: SubjectOptions = {}): Promise<Subject> {
  const kernelSets = options.kernelSets ?? availableKernelSets();
  const kernels = kernelSets[kernelSets.length - 1];
  const tables = tablesFor(detector.traits);
  const sample = options.sample ?? tables.clustered();
  const tasks = taskTable([detector]);
  const sharedFits = new Map<string, SharedFit>();

  function fit(train: Matrix, fitOptions: FitOptions = {}): Promise<Fitted> {
    const { corner, seed, params: givenParams, ...context } = fitOptions;
    const params = givenParams ?? parseParams(detector.id, detector.params, corner?.params ?? {});
    const signal = AbortSignal.timeout(options.fitTimeoutMs ?? defaultFitTimeoutMs);
    const defaults = {
      random: createRandom(seed ?? options.seed ?? seedOfShared),
      kernels,
      threads: singleThread(tasks),
      signal,
    };
    return detector.fit(train, params as never, { ...defaults, ...context });
  }

  async function shared(corner: Corner, kernelSet: KernelSet): Promise<SharedFit> {
    const key = `${corner.label} ${kernelSet.name}`;
    const held = sharedFits.get(key);
    if (held !== undefined) return held;
    const fitted = await fit(copyOf(sample.train), { corner, kernels: kernelSet });
    const made = { corner, kernels: kernelSet, fitted, freshScores: scoresOf(fitted.model, sample.fresh) };
    sharedFits.set(key, made);
    return made;
  }

  const corners: Corner[] = [];
  const endless: Corner[] = [];
  for (const corner of options.corners ?? cornersOf(detector.params)) {
    const refusal = await refusalOf(() => shared(corner, kernels));
    if (refusal === "ABORTED") endless.push(corner);
    // A value may be too large for 120 rows, and PARAM is how a fit says so. Other errors are for the checks to find.
    else if (refusal !== "PARAM" || corner.label === "default") corners.push(corner);
  }

  async function eachCorner(report: Report, visit: (corner: Corner, report: Report) => Promise<void>): Promise<void> {
    for (const corner of corners) {
      try {
        await visit(corner, (fault) => report(`${corner.label}: ${fault}`));
      } catch (error) {
        report(`${corner.label}: threw ${String(error)}`);
      }
    }
  }

  function eachFit(report: Report, visit: (made: SharedFit, report: Report) => Promise<void> | void): Promise<void> {
    return eachCorner(report, async (corner, reportOfCorner) => {
      for (const kernelSet of kernelSets) {
        const reportOfSet: Report = (fault) => reportOfCorner(`${kernelSet.name}: ${fault}`);
        await visit(await shared(corner, kernelSet), reportOfSet);
      }
    });
  }

  return {
    detector,
    kernelSets,
    kernels,
    golden: options.golden,
    tables,
    sample,
    corners,
    endless,
    fit,
    shared,
    eachCorner,
    eachFit,
  };
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
