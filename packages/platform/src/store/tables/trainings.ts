/** The table of trainings under way, and the detector's status that follows from it. Changes lock the detector's row first. */

import { type DetectorRow, lockDetector, type TrainingError, updateDetector } from "./detectors.ts";
import type { Database, Sql } from "../postgres/sql.ts";

export interface NewTraining {
  /** The id of the job that runs it, if any. */
  readonly id: string;
  readonly detectorId: string;
  /** `undefined` when a job runs it, which has its own lease. */
  readonly leaseSeconds: number | undefined;
}

type StatusBefore = "created" | "ready" | "failed";

/** Called off: it ended without a model and without a failure. */
export type TrainingEnd = "ready" | "called off" | { readonly failure: TrainingError };

/** The failure of a training whose process is gone. */
const processGone: TrainingError = { code: "WORKER", detail: "the process that trained the detector stopped" };

/** False when there is no such detector. A disabled detector stays disabled. */
export async function beginTraining(sql: Sql, { id, detectorId, leaseSeconds }: NewTraining): Promise<boolean> {
  const detector = await lockDetector(sql, detectorId);
  if (detector === undefined) return false;
  const { status } = detector;
  const idle = idleStatus(detector);
  const before = status === "training" ? ((await statusBefore(sql, detectorId)) ?? idle) : status === "disabled" ? idle : status;
  const text = `insert into trainings (id, detector_id, lease_until, status_before)
    values ($1, $2, now() + make_interval(secs => $3), $4) on conflict (id) do nothing`;
  await sql.query(text, [id, detectorId, leaseSeconds ?? null, before]);
  if (status !== "disabled" && status !== "training") await updateDetector(sql, detectorId, { status: "training" });
  return true;
}

export async function endTraining(
  sql: Sql,
  { id, detectorId }: Pick<NewTraining, "id" | "detectorId">,
  end: TrainingEnd,
): Promise<void> {
  const detector = await lockDetector(sql, detectorId);
  if (detector === undefined) return;
  const gone = await sql.query<{ before: StatusBefore }>(
    `delete from trainings where id = $1 and detector_id = $2 returning status_before as before`,
    [id, detectorId],
  );
  // A training that is called off before it began has changed nothing.
  if (end === "called off" && gone.rowCount === 0) return;
  const after = end === "called off" ? gone.rows[0].before : end === "ready" ? end : statusAfterFailure(detector);
  if (end !== "called off") {
    await sql.query("update trainings set status_before = $2 where detector_id = $1", [detectorId, after]);
  }
  const isStillTraining = (await statusBefore(sql, detectorId)) !== undefined;
  const status = isStillTraining ? "training" : after;
  const isSame = detector.status === "disabled" || detector.status === status;
  const lastTrainingError = typeof end === "object" ? end.failure : undefined;
  if (isSame && lastTrainingError === undefined) return;
  await updateDetector(sql, detectorId, { ...(isSame ? {} : { status }), lastTrainingError });
}

/** A detector with a model of an earlier training goes on scoring with it. */
const statusAfterFailure = ({ isFitted }: DetectorRow) => (isFitted ? "ready" : "failed");
const idleStatus = ({ isFitted }: DetectorRow) => (isFitted ? "ready" : "created");

async function statusBefore(sql: Sql, detectorId: string): Promise<StatusBefore | undefined> {
  const text = `select status_before as before from trainings where detector_id = $1 limit 1`;
  const { rows } = await sql.query<{ before: StatusBefore }>(text, [detectorId]);
  return rows.at(0)?.before;
}

/** False before it has begun and once it has ended, also when another process ended it because its lease was over. */
export async function isUnderWay(sql: Sql, { id }: Pick<NewTraining, "id">): Promise<boolean> {
  return (await sql.query("select from trainings where id = $1", [id])).rowCount === 1;
}

export async function renewTrainings(sql: Sql, ids: readonly string[], leaseSeconds: number): Promise<void> {
  if (ids.length === 0) return;
  const text = "update trainings set lease_until = now() + make_interval(secs => $2) where id = any($1::uuid[])";
  await sql.query(text, [ids, leaseSeconds]);
}

const lapsedPerRound = 100;

/**
 * Ends the trainings whose process is gone, and those of jobs that ended without ending their training, as older versions of this
 * program did. @returns how many.
 */
export async function endLapsedTrainings(database: Database): Promise<number> {
  const text = `select id, detector_id as "detectorId", lease_until is not null as "isLapsed" from trainings t
    where lease_until < now() or (lease_until is null and not exists (
      select from jobs j where j.id = t.id and j.name = 'train' and j.status in ('queued', 'running', 'retrying')))
    order by detector_id, id limit $1`;
  const { rows } = await database.query<{ id: string; detectorId: string; isLapsed: boolean }>(text, [lapsedPerRound]);
  for (const { id, detectorId, isLapsed } of rows) {
    await database.transaction(async (sql) => {
      const still = isLapsed ? "lease_until < now()" : "lease_until is null";
      // The detector is locked first, as everywhere here, so that two transactions cannot deadlock.
      await lockDetector(sql, detectorId);
      // A process that was only late may have renewed its lease meanwhile.
      const { rowCount } = await sql.query(`select from trainings where id = $1 and ${still} for update`, [id]);
      if (rowCount === 1) await endTraining(sql, { id, detectorId }, isLapsed ? { failure: processGone } : "called off");
    });
  }
  return rows.length;
}

/**
 * Sets detectors that are `training` without a stored training to `ready` if they have a model, else to `created`. There should be
 * none. @returns how many.
 */
export async function endUnrecordedTrainings(database: Database): Promise<number> {
  const text = `select id from detectors d
    where status = 'training' and not exists (select from trainings t where t.detector_id = d.id) order by id limit $1`;
  const { rows } = await database.query<{ id: string }>(text, [lapsedPerRound]);
  let count = 0;
  for (const { id } of rows) {
    await database.transaction(async (sql) => {
      const detector = await lockDetector(sql, id);
      // One may have begun meanwhile.
      if (detector?.status !== "training" || (await statusBefore(sql, id)) !== undefined) return;
      await updateDetector(sql, id, { status: idleStatus(detector) });
      count++;
    });
  }
  return count;
}
