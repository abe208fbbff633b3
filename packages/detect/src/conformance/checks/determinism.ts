/** Checks that equal seeds give equal bits on every kernel set, on any number of threads and in every run. */

import type { Random } from "../../random.ts";
import { createRandom } from "../../random.ts";
import { taskTable } from "../../threads/task-table.ts";
import type { Check, Report } from "../check.ts";
import { cloningThreads } from "../cloning-threads.ts";
import { differenceOfBits, differenceOfStates } from "../compare.ts";
import type { Fitted } from "../../detector/detector.ts";
import type { Matrix } from "../../matrix.ts";
import { hasSharedMemory } from "../../shared-memory.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

const largeRowCount = 2101;

export const determinismChecks: readonly Check[] = [
  {
    name: "equal-seeds",
    claim: "Fitting again with the same seed gives the same bits: scores, training scores and state.",
    run: (subject, report) =>
      subject.eachFit(report, async ({ corner, kernels, fitted }, report) => {
        const again = await subject.fit(copyOf(subject.sample.train), { corner, kernels });
        reportDifference(again, fitted, subject.sample.fresh, report);
      }),
  },
  {
    name: "seed-use",
    claim: "Another seed gives another model exactly where the trait usesRandomness says so.",
    run: async (subject, report) => {
      const { sample, detector } = subject;
      if (detector.traits.usesRandomness) return reportUnusedSeed(subject, report);
      await subject.eachCorner(report, async (corner) => {
        await subject.fit(copyOf(sample.train), { corner, random: refusingRandom() });
      });
    },
  },
  {
    name: "kernel-parity",
    claim: "Every kernel set gives scores of the same bits as the reference, on ordinary and on degenerate tables.",
    exempts: (_traits, { kernelSets }) => (kernelSets.length < 2 ? "there is only one kernel set here" : undefined),
    run: async (subject, report) => {
      const [reference, ...others] = subject.kernelSets;
      await subject.eachCorner(report, async (corner, report) => {
        const expected = await subject.shared(corner, reference);
        for (const kernels of others) {
          const { fitted } = await subject.shared(corner, kernels);
          reportOtherScores(fitted, expected.fitted, subject.sample.fresh, (fault) => report(`${kernels.name}: ${fault}`));
        }
      });
      for (const sample of subject.tables.degenerate())
        await compareKernels(subject, sample.name, sample.train, sample.fresh, report);
      const wide = subject.tables.clustered(97, 37);
      await compareKernels(subject, wide.name, wide.train, wide.fresh, report);
    },
  },
  {
    name: "thread-parity",
    claim:
      "Fitting on several threads gives the same bits as on one, sends every task that there is, and what they take and give can be cloned.",
    // Without shared memory nothing runs on threads: tasks write into ranges of one array.
    exempts: () => (hasSharedMemory ? undefined : "this page has no shared memory, so there are no threads"),
    run: async (subject, report) => {
      const unsent = new Set(taskTable([subject.detector]).keys());
      // A detector may have another way to score its training rows.
      unsent.delete("core/score");
      await subject.eachCorner(report, async (corner, report) => {
        const { fitted } = await subject.shared(corner, subject.kernels);
        for (const name of await compareThreads(subject, subject.sample.train, fitted, corner, report)) unsent.delete(name);
      });
      for (const name of unsent) report(`the task "${name}" is never sent`);
      // Several blocks of rows, and past the sizes from which neighbours are found by trees and by pairs.
      const large = subject.tables.clustered(largeRowCount, 8);
      const fitted = await subject.fit(copyOf(large.train));
      await compareThreads(subject, large.train, fitted, subject.corners[0], (fault) => report(`${large.name}: ${fault}`));
    },
  },
];

/**
 * Reports a seed that changes nothing. On clusters every seed may lead to the same optimum, so this fits the shapeless table.
 * One corner where the seed matters is enough: the defaults may need no randomness.
 */
async function reportUnusedSeed(subject: Subject, report: Report): Promise<void> {
  const { train } = subject.tables.shapeless();
  for (const corner of subject.corners) {
    const [first, ...others] = await Promise.all([11, 12, 13, 14].map((seed) => subject.fit(copyOf(train), { corner, seed })));
    if (others.some((other) => differenceOfBits(other.trainingScores, first.trainingScores) !== undefined)) return;
  }
  report("usesRandomness is claimed, yet four seeds give the same training scores in every corner");
}

/** @returns the names of the tasks that were sent. */
async function compareThreads(
  subject: Subject,
  train: Matrix,
  expected: Fitted,
  corner: Subject["corners"][number],
  report: Report,
): Promise<ReadonlySet<string>> {
  const threads = cloningThreads(taskTable([subject.detector]), 3);
  const fitted = await subject.fit(copyOf(train), { corner, threads });
  reportDifference(fitted, expected, train, (fault) => report(`on 3 threads: ${fault}`));
  return threads.ran;
}

/** A kernel set may refuse a table with a code; then every kernel set must refuse it with the same words. */
async function compareKernels(subject: Subject, name: string, train: Matrix, fresh: Matrix, report: Report): Promise<void> {
  const outcomes = [];
  for (const kernels of subject.kernelSets) {
    try {
      outcomes.push({ kernels, fitted: await subject.fit(copyOf(train), { kernels }), refusal: "" });
    } catch (error) {
      outcomes.push({ kernels, fitted: undefined, refusal: String(error) });
    }
  }
  const [expected, ...others] = outcomes;
  for (const { kernels, fitted, refusal } of others) {
    const under = `${name}, ${kernels.name}`;
    if (refusal !== expected.refusal) report(`${under}: refused with "${refusal}", by the reference with "${expected.refusal}"`);
    if (fitted === undefined || expected.fitted === undefined) continue;
    reportOtherScores(fitted, expected.fitted, fresh, (fault) => report(`${under}: ${fault}`));
  }
}

function reportDifference(actual: Fitted, expected: Fitted, rows: Matrix, report: Report): void {
  reportOtherScores(actual, expected, rows, report);
  const state = differenceOfStates(actual.model.toState(), expected.model.toState());
  if (state !== undefined) report(`states differ: ${state}`);
}

/** Between kernel sets only scores must agree: each set may keep another structure, such as a tree or a plain list. */
function reportOtherScores(actual: Fitted, expected: Fitted, rows: Matrix, report: Report): void {
  const training = differenceOfBits(actual.trainingScores, expected.trainingScores);
  if (training !== undefined) report(`training scores differ: ${training}`);
  const fresh = differenceOfBits(scoresOf(actual.model, rows), scoresOf(expected.model, rows));
  if (fresh !== undefined) report(`scores differ: ${fresh}`);
}

/** For detectors that claim to need no randomness: any draw is a fault. */
function refusingRandom(): Random {
  const refuse = (): never => {
    throw new Error("a random number was drawn, yet usesRandomness is false");
  };
  return { ...createRandom(0), uint32: refuse, uniform: refuse, integer: refuse, normal: refuse, stream: refuse };
}
