/** Starts the jobs of schedules that are due, each run once however many processes look, and notes how the runs end. */

import type { JobRecord } from "../../jobs/job-types.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import { insertAuditEntry } from "../../store/tables/audit-log.ts";
import { datasetById } from "../../store/tables/datasets.ts";
import { detectorById } from "../../store/tables/detectors.ts";
import {
  type DueSchedule,
  newestDatasetNamed,
  planRun,
  runBegan,
  runEnded,
  runFailed,
  runRefused,
  runSkipped,
  takeDue,
} from "../../store/tables/schedules.ts";
import type { ServiceContext } from "../core/context.ts";
import { nextRun } from "./next-run.ts";

/** As many failures in a row disable a schedule. */
const failuresMax = 5;
/** Schedules of one look. */
const runsMax = 100;

/** @returns how many schedules were looked at. */
export async function runDueSchedules(
  { database, queue }: Pick<ServiceContext, "database" | "queue">,
  signal: AbortSignal,
): Promise<number> {
  const bounded = database.withSignal(signal);
  for (let count = 0; count < runsMax; count++) {
    if (signal.aborted || !(await bounded.transaction((sql) => runOne(sql, queue)))) return count;
  }
  return runsMax;
}

async function runOne(sql: Sql, queue: ServiceContext["queue"]): Promise<boolean> {
  const due = await takeDue(sql);
  if (due === undefined) return false;
  await planRun(sql, due.id, nextRun(due, due.now, due.nextRunAt));
  if (!due.isDue) return true;
  if (due.isGoing) await runSkipped(sql, due.id);
  else await beginRun(sql, queue, due);
  return true;
}

async function beginRun(sql: Sql, queue: ServiceContext["queue"], due: DueSchedule): Promise<void> {
  const { id, kind, detectorId, datasetId, datasetName } = due;
  const refused = (detail: string) => runRefused(sql, id, { code: "NOT_FOUND", detail }, failuresMax);
  if ((await detectorById(sql, detectorId)) === undefined) return refused(`there is no detector ${detectorId} any more`);
  // Data sets never change: new rows are a new data set of the same name.
  const found = datasetName === null ? (await datasetById(sql, datasetId ?? ""))?.id : await newestDatasetNamed(sql, datasetName);
  if (found === undefined) {
    return refused(
      datasetName === null ? `there is no data set ${datasetId} any more` : `there is no data set named "${datasetName}"`,
    );
  }
  const actor = `schedule:${id}`;
  const name = kind === "train" ? "train" : "predict";
  const jobId = await queue.enqueue(sql, name, { dataset_id: found, detector_id: detectorId, actor, request_id: id });
  await runBegan(sql, id, jobId);
  const subject = { subjectKind: "job", subjectId: jobId, requestId: id };
  await insertAuditEntry(sql, { actor, action: `job.${name}`, ...subject });
}

/** Called in the transaction that ends a job; most jobs are no schedule's. */
export async function endRunOf(sql: Sql, { id, name, status, error }: JobRecord): Promise<void> {
  if (name !== "train" && name !== "predict") return;
  if (status === "failed") {
    const { code, detail } = error ?? { code: "INTERNAL", detail: "the run failed" };
    await runFailed(sql, id, { code, detail }, failuresMax);
  } else if (status === "succeeded" || status === "cancelled") await runEnded(sql, id, status);
}
