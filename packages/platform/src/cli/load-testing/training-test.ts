/** The test that trains detectors, several at once. */

import { checkExpectation } from "../../load-test/expectations.ts";
import { scenarioNumbers } from "../../load-test/scenario.ts";
import { trainingFields, trainingSummary } from "../../load-test/summaries.ts";
import { runTrainings } from "../../load-test/training/run-trainings.ts";
import { countText } from "../../report/wording.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { createProgress } from "../frame/progress-bar.ts";
import type { LoadOutcome } from "./load-outcome.ts";
import { expectationsOf, required, targetOf } from "./load-settings.ts";
import { readRows } from "./read-rows.ts";

const concurrencyDefault = 5;
/** Seconds. */
const timeoutDefault = 600;
const jobsRange = { min: 1, max: 100_000, whole: true } as const;
const barCountMax = 24;
const shownIdCount = 5;

export async function testTraining(given: Arguments, context: CliContext): Promise<LoadOutcome> {
  const concurrency = given.number("concurrency", scenarioNumbers.concurrency) ?? concurrencyDefault;
  const trainingCount = given.number("jobs", jobsRange) ?? concurrency;
  const timeout = given.number("timeout", scenarioNumbers.timeout) ?? timeoutDefault;
  const algorithm = given.text("detector-type") ?? "isolation-forest";
  const expect = expectationsOf(given, trainingFields);
  const file = required(given, "data");
  const target = await targetOf(given);
  const rowTexts = await readRows(file, given, context);
  const progress = createProgress(context, given);
  const result = await runTrainings({
    target,
    trainingCount,
    concurrency,
    algorithm,
    rowTexts,
    timeoutMs: timeout * 1000,
    signal: context.signal,
    onTraining: ({ endedCount, failureCount }) =>
      progress.report(`${countText(endedCount, "training")} (${countText(failureCount, "failure")})`, endedCount / trainingCount),
  });
  progress.clear();
  const summary = trainingSummary(result);
  return {
    test: "training",
    url: target.url,
    how: `${countText(trainingCount, "training")} of ${algorithm}, ${concurrency} at once, on ${countText(rowTexts.length, "row")}`,
    settings: {
      concurrency,
      jobs: trainingCount,
      detector_type: algorithm,
      timeout_s: timeout,
      left_detectors: result.leftDetectors,
    },
    summary,
    successCount: summary.successful_jobs,
    bars: result.counts.totalTimes.bars(barCountMax),
    kinds: [],
    expectations: expect.map((one) => checkExpectation(one, summary)),
    firstRefusal: result.counts.firstRefusal,
    notes: leftNote(result.leftDetectors),
    elapsedMs: result.elapsedMs,
    isStopped: result.isStopped,
  };
}

function leftNote(ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > shownIdCount ? ` and ${ids.length - shownIdCount} more` : "";
  const subject = `${countText(ids.length, "detector")} of this test could not be removed`;
  return [`${subject}: ${ids.slice(0, shownIdCount).join(", ")}${more}`];
}
