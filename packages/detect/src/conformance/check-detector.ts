/** Runs the checks on a detector. */

import type { AnyDetector } from "../detector/detector.ts";
import type { Check, CheckGround, CheckResult } from "./check.ts";
import { apartChecks } from "./checks/apart.ts";
import { controlChecks } from "./checks/control.ts";
import { determinismChecks } from "./checks/determinism.ts";
import { edgeChecks } from "./checks/edges.ts";
import { goldenChecks } from "./checks/golden.ts";
import { invarianceChecks } from "./checks/invariance.ts";
import { learningChecks } from "./checks/learning.ts";
import { scoringChecks } from "./checks/scoring.ts";
import { senseChecks } from "./checks/sense.ts";
import { stateChecks } from "./checks/state.ts";
import type { Subject, SubjectOptions } from "./subject.ts";
import { createSubject } from "./subject.ts";

/**
 * Every check. None measures time, since a busy machine would fail it: state-size finds states that grow quadratically,
 * and `npm run bench` measures time.
 */
export const checks: readonly Check[] = [
  ...controlChecks,
  ...scoringChecks,
  ...determinismChecks,
  ...apartChecks,
  ...stateChecks,
  ...learningChecks,
  ...senseChecks,
  ...edgeChecks,
  ...invarianceChecks,
  ...goldenChecks,
];

/** Most faults reported for one check: a check that fails in every corner would repeat itself a hundred times. */
const faultCountMax = 8;

/**
 * Runs all checks one after the other and yields each result as it comes. Needs no test runner.
 * @example
 * for await (const { check, outcome, details } of checkDetector(myDetector)) {
 *   if (outcome === "failed") console.log(check, details);
 * }
 */
export async function* checkDetector(detector: AnyDetector, options: SubjectOptions = {}): AsyncGenerator<CheckResult> {
  const subject = await createSubject(detector, options);
  for (const check of checks) yield await runCheck(check, subject);
}

/** The reason why a check does not apply to a detector; undefined when it applies. Counts of checks leave exempt ones out. */
export function exemptionOf(check: Check, detector: AnyDetector, given: CheckGround): string | undefined {
  return check.exempts?.(detector.traits, given);
}

/** Runs one check on a subject that several checks share. */
export async function runCheck(check: Check, subject: Subject): Promise<CheckResult> {
  const { detector } = subject;
  const result = { detectorId: detector.id, check: check.name, claim: check.claim };
  const exemption = exemptionOf(check, detector, subject);
  if (exemption !== undefined) return { ...result, outcome: "not-applicable", details: [exemption] };
  const faults: string[] = [];
  if (subject.corners.length === 0) faults.push("the defaults cannot be fitted in time");
  try {
    await check.run(subject, (fault) => faults.push(fault));
  } catch (error) {
    faults.push(`threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
  if (faults.length === 0) return { ...result, outcome: "passed", details: [] };
  const more = faults.length > faultCountMax ? [`and ${faults.length - faultCountMax} more`] : [];
  return { ...result, outcome: "failed", details: [...faults.slice(0, faultCountMax), ...more] };
}
