/** A plan as EXPLAIN (FORMAT JSON, VERBOSE) gives it. */

import { NomalyError } from "@nomaly/detect";

export interface PlanNode {
  readonly "Node Type": string;
  readonly "Relation Name"?: string;
  readonly Schema?: string;
  readonly Alias?: string;
  readonly Filter?: string;
  readonly "Hash Cond"?: string;
  readonly "Merge Cond"?: string;
  readonly "Join Filter"?: string;
  readonly "Sort Key"?: readonly string[];
  /** Of a hashed aggregate: above zero when PostgreSQL expects to write it to disk in so many parts. */
  readonly "Planned Partitions"?: number;
  readonly "Plan Rows": number;
  readonly "Plan Width": number;
  readonly Plans?: readonly PlanNode[];
}

/** The rest of a larger plan is not looked at. */
const nodeCountMax = 2000;

export function readPlan(given: unknown): PlanNode {
  const plan = Array.isArray(given) ? (given[0] as { Plan?: PlanNode }).Plan : undefined;
  if (plan === undefined) throw new NomalyError("DATABASE", "EXPLAIN gave no plan", { field: "database" });
  return plan;
}

/** All nodes, each before those below it. */
export function nodesOf(plan: PlanNode): readonly PlanNode[] {
  const nodes: PlanNode[] = [];
  const waiting: PlanNode[] = [plan];
  for (let node = waiting.pop(); node !== undefined && nodes.length < nodeCountMax; node = waiting.pop()) {
    nodes.push(node);
    waiting.push(...(node.Plans ?? []).toReversed());
  }
  return nodes;
}

/** The first node below that does not merely pass rows on. */
export function through(node: PlanNode | undefined, passing: readonly string[]): PlanNode | undefined {
  let found = node;
  for (let depth = 0; depth < nodeCountMax && found !== undefined && passing.includes(found["Node Type"]); depth++) {
    found = found.Plans?.[0];
  }
  return found;
}
