/** Sets a detector's status to `training` when a training begins, and by the outcome when it ends. */

import { NomalyError } from "@nomaly/detect";
import { jobErrorOf } from "../../jobs/job-policies.ts";
import type { JobRecord } from "../../jobs/job-types.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import type { TrainingError } from "../../store/tables/detectors.ts";
import { beginTraining, endTraining, isUnderWay, type TrainingEnd } from "../../store/tables/trainings.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { noDetector } from "./detectors.ts";
import { requireSomeQuota } from "../core/quota.ts";
import { requireRoom } from "../core/room.ts";

export interface TrainingUnderWay {
  readonly id: string;
  readonly detectorId: string;
}

/** The lease of a training without a job. Its process renews it several times; once it is over, the training counts as failed. */
export const trainingLeaseSeconds = 60;
/** The limit for storing a failure. If the database is away, the lease runs out instead. */
const storeMsMax = 5000;

export interface TrainingJob {
  readonly id: string;
  readonly holdIn: (sql: Sql) => Promise<void>;
}

/** @throws NomalyError NOT_FOUND; STORAGE when the disk is full; ABORTED when the attempt no longer holds the job. */
export async function trainingBegins(
  context: ServiceContext,
  call: Call,
  { id, detectorId }: TrainingUnderWay,
  job: TrainingJob | undefined,
): Promise<void> {
  requireRoom(context);
  await requireSomeQuota(context.database, context.config);
  const leaseSeconds = job === undefined ? trainingLeaseSeconds : undefined;
  await context.database.withSignal(call.signal).transaction(async (sql) => {
    await job?.holdIn(sql);
    if (!(await beginTraining(sql, { id, detectorId, leaseSeconds }))) throw noDetector(detectorId);
  });
  if (job === undefined) context.trainings.add(id);
}

/** For a training without a job. Does nothing when it has not begun. Never rejects, as the caller throws the training's error. */
export async function trainingFailed(
  context: ServiceContext,
  { signal }: Call,
  training: TrainingUnderWay,
  error: unknown,
): Promise<void> {
  const end = endOf(error, signal);
  try {
    const bounded = context.database.withSignal(AbortSignal.timeout(storeMsMax));
    await bounded.transaction(async (sql) => {
      if (await isUnderWay(sql, training)) await endTraining(sql, training, end);
    });
  } catch (cause) {
    context.log.warn({ err: cause, detector_id: training.detectorId }, "the end of a training could not be stored");
  }
}

/** Called off when the client left or all workers were busy; failed at the time limit or by any other error. */
function endOf(error: unknown, signal: AbortSignal): TrainingEnd {
  const codeOf = (reason: unknown) => (reason instanceof NomalyError ? reason.code : undefined);
  if (signal.aborted) return codeOf(signal.reason) === "TIMEOUT" ? { failure: failureOf(signal.reason) } : "called off";
  return codeOf(error) === "OVERLOADED" ? "called off" : { failure: failureOf(error) };
}

/** As of a job, whose log lines have another id. */
function failureOf(error: unknown): TrainingError {
  if (error instanceof NomalyError) return jobErrorOf(error);
  return { code: "INTERNAL", detail: "an error inside the service; its log has the cause under the request's id" };
}

/** Ends the training of a job that failed or was cancelled; a job that succeeds ends it in its own transaction. */
export async function endTrainingOf(sql: Sql, { name, id, detectorId, status, error }: JobRecord): Promise<void> {
  if (name !== "train" || detectorId === null || status === "succeeded") return;
  await endTraining(sql, { id, detectorId }, status === "failed" && error !== null ? { failure: error } : "called off");
}
