/** Kills worker processes during jobs, starts others, and checks how the jobs ended. */

import type { Random } from "@nomaly/detect";
import { expect } from "vitest";
import { eventually } from "../eventually.ts";
import { healthy, jobEnds } from "./faults.ts";
import { csv } from "./keeping-client.ts";
import { ask, askAll, fileForm } from "../requests.ts";
import type { Stage } from "../stage.ts";

export interface WorkerKills {
  readonly kind: "train" | "predict";
  readonly jobCount: number;
  /** Kills for each job, which may be tried three times more. */
  readonly killsOfEach: number;
  readonly random: Random;
}

/** With so many rows a job takes seconds, so that the test finds it running and kills it before it is done. */
const rowCounts = { train: 40_000, predict: 400_000 } as const;
const delayMsMax = 300;

/** @returns what happened, in words. */
export async function killWorkers(stage: Stage, { kind, jobCount, killsOfEach, random }: WorkerKills): Promise<string> {
  const { url } = await stage.start({ NOMALY_JOB_CONCURRENCY: "0" });
  const large = await ask(url, "POST /api/datasets", { form: fileForm("large.csv", csv(random, rowCounts[kind])) });
  const { id: detectorId } = await ask(url, "POST /api/detectors", { json: { name: "killed", algorithm_name: "lof" } });
  if (kind === "predict") {
    const small = await ask(url, "POST /api/datasets", { form: fileForm("small.csv", csv(random, 5000)) });
    await ask(url, "POST /detection/train", { json: { detector_id: detectorId, dataset_id: small["id"], background: false } });
  }
  let killCount = 0;
  let worker = await stage.start({}, { command: "worker" });
  for (let round = 0; round < jobCount; round++) {
    const json = { detector_id: detectorId, dataset_id: large["id"], background: true };
    const { job_id: job } = await ask(url, `POST /detection/${kind}`, { json, key: `job ${round}` });
    for (let attempt = 1; attempt <= killsOfEach; attempt++) {
      await eventually(
        "the worker is at the job",
        async () => {
          const { status, attempt: running } = await ask(url, `GET /api/jobs/${String(job)}`);
          expect(status).not.toBe("succeeded");
          return status === "running" && running === attempt;
        },
        60_000,
      );
      await new Promise((later) => setTimeout(later, random.integer(delayMsMax)));
      await worker.end("SIGKILL");
      killCount++;
      worker = await stage.start({}, { command: "worker" });
    }
    expect(await jobEnds(url, job)).toMatchObject({ status: "succeeded", attempt: killsOfEach + 1, error: null });
  }
  await ask(url, "POST /detection/predict", { json: { detector_id: detectorId, data: [{ a: 0, b: 0, c: 0 }] } });
  const made = kind === "train" ? `/api/detectors/${String(detectorId)}/versions` : "/api/results";
  const jobIds = (await askAll(url, made)).map(({ job_id: id }) => id).filter((id) => id !== null);
  expect(new Set(jobIds).size).toBe(jobCount);
  expect(jobIds).toHaveLength(jobCount);
  const action = kind === "train" ? "detector.train" : "result.create";
  const done = (await askAll(url, "/api/audit")).filter((entry) => entry["action"] === action);
  expect(done).toHaveLength(jobCount);
  await healthy(url);
  return `${killCount} workers killed at ${jobCount} ${jobCount === 1 ? "job" : "jobs"}; each done once`;
}
