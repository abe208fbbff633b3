/** Shared by tests of faults: repeatable seeds, waiting for health, closing what a test opened even when it fails. */

import { createRandom, type Random } from "@nomaly/detect";
import { eventually } from "../eventually.ts";
import { type Json, trySend } from "../requests.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What a test did, in a few words and numbers, for the page of faults. */
    seen?: string;
  }
}

/** Prints the seed, so that NOMALY_FAULT_SEED can repeat a random test that failed. */
export function faultRandom(name: string): Random {
  const given = Number(process.env["NOMALY_FAULT_SEED"] ?? "");
  const seed = given > 0 ? given : 1 + Math.floor(Math.random() * 2 ** 31);
  console.log(`${name}: NOMALY_FAULT_SEED=${seed}`);
  return createRandom(seed);
}

const healthyMsMax = 30_000;

/** Waits until the service is healthy again, within a bound. @returns the answer of /health/full. */
export async function healthy(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Json> {
  let full: Json = {};
  let said = "nothing yet";
  await eventually(
    "the service is healthy again",
    async () => {
      const ready = await trySend(url, "GET /health/ready", { timeoutMs: 5000 });
      const answer = await trySend(url, "GET /health/full", { headers, timeoutMs: 5000 });
      full = answer?.body ?? {};
      said = answer?.text ?? "no answer";
      const parts = ["database", "cache", "queue", "compute"].map((name) => (full[name] as Json | undefined)?.["status"]);
      return ready?.status === 200 && parts.every((status) => status === "ok");
    },
    healthyMsMax,
  ).catch((cause: unknown) => {
    throw new Error(`not healthy within ${healthyMsMax} ms: ${said}`, { cause });
  });
  return full;
}

/** Waits until the job has ended. @returns the job. */
export async function jobEnds(url: string, id: unknown, timeoutMs = 90_000): Promise<Json> {
  let job: Json = {};
  await eventually(
    "the job has ended",
    async () => {
      job = (await trySend(url, `GET /api/jobs/${String(id)}`))?.body ?? {};
      return ["succeeded", "failed", "cancelled"].includes(String(job["status"]));
    },
    timeoutMs,
  );
  return job;
}

/** Closes what was opened in reverse order, and goes on when one fails to close. */
export interface Scene {
  opened<Value>(value: Value, end: (value: Value) => unknown): Value;
  endAll(): Promise<void>;
}

export function createScene(): Scene {
  const ends: (() => unknown)[] = [];
  return {
    opened(value, end) {
      ends.push(() => end(value));
      return value;
    },
    async endAll() {
      const errors: unknown[] = [];
      for (const end of ends.splice(0).toReversed()) {
        try {
          await end();
        } catch (error) {
          errors.push(error);
        }
      }
      if (errors.length > 0) throw new AggregateError(errors, "not all could be ended");
    },
  };
}
