/** Answers a question that a worker asks during an order, within a time limit, because the worker waits for the answer. */

import { NomalyError } from "@nomaly/detect";
import type { OrderKind, Question } from "../messages.ts";
import type { PoolWork } from "./pool-work.ts";
import type { BodyFields } from "../work.ts";

const answerMsMax = 5000;

/** @throws NomalyError TIMEOUT, and errors of `plan` and `modelBytes`. */
export async function answerTo(question: Question, { plan, modelBytes }: PoolWork<OrderKind>): Promise<unknown> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new NomalyError("TIMEOUT", `no model was found in ${answerMsMax} ms`)), answerMsMax);
  try {
    const answer = question.kind === "model" ? modelBytes(question.versionId) : plan?.(JSON.parse(question.fields) as BodyFields);
    return await Promise.race([answer, late]);
  } finally {
    clearTimeout(timer);
  }
}
