/** The calls of a training test, one after another on one connection: each gives the JSON of the answer, or why there is none. */

import type { Connection, Reply } from "../http/connection.ts";
import { isSuccess } from "../engine/tally.ts";
import { asciiJson } from "../requests/row-texts.ts";
import { trainRequest } from "../requests/sources.ts";
import type { Target } from "../target.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export interface Called {
  readonly reply: Reply;
  /** Undefined unless the answer is a success whose body is a JSON object. */
  readonly json: JsonObject | undefined;
}

export interface ServiceCalls {
  create(algorithm: string, name: string): Promise<Called>;
  train(detectorId: string): Promise<Called>;
  job(id: string): Promise<Called>;
  cancelJob(id: string): Promise<Called>;
  remove(detectorId: string): Promise<Called>;
}

/** Bodies of answers are cut here, and are then no JSON. */
export const answerBytesMax = 1024 * 1024;

/** @param connection keeps {@link answerBytesMax} of bodies. */
export function callsOver(connection: Connection, target: Target, rowTexts: readonly string[]): ServiceCalls {
  const call = async (request: string): Promise<Called> => {
    const reply = await connection.send(request);
    const isGood = reply.kind === "answer" && isSuccess(reply.answer.status);
    return { reply, json: isGood ? parsed(reply.answer.body) : undefined };
  };
  const pathOf = (kind: string, id: string) => `/api/${kind}/${encodeURIComponent(id)}`;
  return {
    create: (algorithm, name) => call(target.request("POST", "/api/detectors", asciiJson({ name, algorithm_name: algorithm }))),
    train: (detectorId) => call(trainRequest(target, detectorId, rowTexts)),
    job: (id) => call(target.request("GET", pathOf("jobs", id))),
    cancelJob: (id) => call(target.request("DELETE", pathOf("jobs", id))),
    remove: (detectorId) => call(target.request("DELETE", pathOf("detectors", detectorId))),
  };
}

function parsed(body: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : undefined;
  } catch {
    // Not JSON: the caller counts the answer as one it cannot read.
    return undefined;
  }
}
