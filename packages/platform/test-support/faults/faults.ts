/** What tests of faults have in common: seeds that can be repeated, waiting for health, things that end also when a test fails. */

import { createRandom, type Random } from "@nomaly/detect";
import { eventually } from "../eventually.ts";
import { type Json, trySend } from "../requests.ts";

declare module "vitest" {
  interface TaskMeta {
    /** What a test met on its way, in a few words and numbers, for the page of faults. */
    seen?: string;
  }
}

/** Printed, so that a random test that failed can be repeated: NOMALY_FAULT_SEED. */
export function faultRandom(name: string): Random {
  const given = Number(process.env["NOMALY_FAULT_SEED"] ?? "");
  const seed = given > 0 ? given : 1 + Math.floor(Math.random() * 2 ** 31);
  console.log(`${name}: NOMALY_FAULT_SEED=${seed}`);
  return createRandom(seed);
}

const healthyMsMax = 30_000;

/** By itself, within the bound. @returns what /health/full says. */
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

/** @returns the job when it has ended. */
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

/** Ends what was opened, the last first, none left out because another failed. */
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
