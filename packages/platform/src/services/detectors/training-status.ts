/** A detector's status while it is trained and after: `training` from the first moment on, then what came of it. */

import { NomalyError } from "@nomaly/detect";
import type { JobRecord } from "../../jobs/job-types.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { beginTraining, endTraining, isUnderWay, type TrainingEnd } from "../../store/tables/trainings.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { noDetector } from "./detectors.ts";
import { requireRoom } from "../core/room.ts";

export interface TrainingUnderWay {
  readonly id: string;
  readonly detectorId: string;
}

/** Renewed several times in it; when the process is gone, the training counts as failed so much later. */
export const trainingLeaseSeconds = 60;
/** A database that is away then hears nothing of the failure: the lease runs out instead. */
const storeMsMax = 5000;

/** The job that runs a training. */
export interface TrainingJob {
  readonly id: string;
  readonly holdIn: (sql: Sql) => Promise<void>;
}

/** @throws NomalyError NOT_FOUND; STORAGE when the model would find no room; ABORTED when the job is not ours any more. */
export async function trainingBegins(
  context: ServiceContext,
  call: Call,
  { id, detectorId }: TrainingUnderWay,
  job: TrainingJob | undefined,
): Promise<void> {
  requireRoom(context);
  const leaseSeconds = job === undefined ? trainingLeaseSeconds : undefined;
  await context.database.withSignal(call.signal).transaction(async (sql) => {
    await job?.holdIn(sql);
    if (!(await beginTraining(sql, { id, detectorId, leaseSeconds }))) throw noDetector(detectorId);
  });
  if (job === undefined) context.trainings.add(id);
}

/** Of a training without a job; nothing happens where it has not begun. Never rejects: the error of the training is the one to tell. */
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

/** Who left wanted it no more, and what found no place had not begun. A training whose time was over has failed. */
function endOf(error: unknown, signal: AbortSignal): TrainingEnd {
  const codeOf = (reason: unknown) => (reason instanceof NomalyError ? reason.code : undefined);
  if (signal.aborted) return codeOf(signal.reason) === "TIMEOUT" ? "failed" : "called off";
  return codeOf(error) === "OVERLOADED" ? "called off" : "failed";
}

/** Of the jobs that train: a job that succeeds has made its detector ready in the same transaction. */
export async function endTrainingOf(sql: Sql, { name, id, detectorId, status }: JobRecord): Promise<void> {
  if (name !== "train" || detectorId === null || status === "succeeded") return;
  await endTraining(sql, { id, detectorId }, status === "failed" ? "failed" : "called off");
}
