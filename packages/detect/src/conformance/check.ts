/** The types of a check of the conformance suite and of its result. */

import type { Traits } from "../detector/traits.ts";
import type { Subject } from "./subject.ts";

/** One claim about a detector, driven by its traits and specs alone: no check knows a detector's name. */
export interface Check {
  /** `kebab-case`. */
  readonly name: string;
  /** The claim in one sentence. */
  readonly claim: string;
  /** Why the check does not apply to a detector of these traits; undefined when it does. */
  readonly exempts?: (traits: Traits, given: CheckGround) => string | undefined;
  /** Reports each fault it finds. What it throws counts as a fault too. */
  readonly run: (subject: Subject, report: Report) => Promise<void> | void;
}

/** The inputs beside the detector that decide whether a check applies; they are known before anything is fitted. */
export type CheckGround = Pick<Subject, "kernelSets" | "golden">;

/** Receives one fault as text: what was expected, what came, under which parameters and kernels. */
export type Report = (fault: string) => void;

/** The outcome of one check of one detector. */
export interface CheckResult {
  /** Id of the detector checked. */
  readonly detectorId: string;
  /** Name of the check. */
  readonly check: string;
  /** What it claims, in one sentence. */
  readonly claim: string;
  /** Whether the claim holds. */
  readonly outcome: "passed" | "failed" | "not-applicable";
  /** The faults, or the reason why the check does not apply. */
  readonly details: readonly string[];
}
