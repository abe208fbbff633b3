/** Says what is wrong with the service, and what to do next. */

import type { ServiceContext } from "../../core/context.ts";
import { checks, type Finding, findingsOf } from "./checks.ts";
import { gatherFacts } from "./facts.ts";

export interface Diagnosis {
  /** The worst severity found; ok without a finding. */
  readonly status: "ok" | Finding["severity"];
  readonly findings: readonly Finding[];
  /** Every check that was made. */
  readonly checks: readonly { readonly id: string; readonly looks_at: string }[];
}

export async function diagnose(context: ServiceContext): Promise<Diagnosis> {
  const findings = findingsOf(await gatherFacts(context));
  return {
    status: findings[0]?.severity ?? "ok",
    findings,
    checks: checks.map(({ id, looks_at: looksAt }) => ({ id, looks_at: looksAt })),
  };
}
