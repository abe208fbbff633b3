/** A job handler that writes its actions into the table `runs`, and acts as the name of its data set says. */

import { NomalyError } from "@nomaly/detect";
import type { JobControl, JobHandlers, JobPayloads, JobResult } from "../../src/jobs/job-types.ts";
import type { Database, Sql } from "../../src/store/postgres/sql.ts";

export const silentLog = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function trainPayload(behaviour: string, gate = "never"): JobPayloads["train"] {
  return { actor: "test", request_id: "request", detector_id: gate, dataset_id: behaviour };
}

/** The actions: `quick`, `effect` (writes a row to `effects` in the transaction that completes the job), `wait` (for the gate named by the detector, or by detector and attempt), `deaf` (ignores its signal), `fail CODE`, `fail CODE until N`, `bug`. */
export function recordingHandlers(sql: Database): Pick<JobHandlers, "train"> {
  return {
    train: async ({ id, attempt, payload }, control) => {
      const record = (event: string) => write(sql, { id, attempt, event });
      await record("start");
      try {
        const result = await behave(sql, { id, payload, attempt }, control);
        await record("end");
        return result;
      } catch (error) {
        await record(control.signal.aborted ? "aborted" : "failed");
        throw error;
      }
    },
  };
}

async function behave(
  sql: Database,
  { id, payload, attempt }: { readonly id: string; readonly payload: JobPayloads["train"]; readonly attempt: number },
  control: JobControl,
): Promise<JobResult> {
  const [kind, code, , until] = payload.dataset_id.split(" ");
  if (kind === "bug") throw new TypeError("a bug");
  if (kind === "fail" && (until === undefined || attempt < Number(until)))
    throw new NomalyError(code as "DATABASE", "as told", { field: "dataset_id" });
  control.progress(0.25);
  if (kind === "wait" || kind === "deaf")
    await gateOpens(
      sql,
      [payload.detector_id, `${payload.detector_id} ${attempt}`],
      kind === "deaf" ? undefined : control.signal,
    );
  control.progress(0.1);
  if (kind === "effect") await sql.transaction((inner) => effect(inner, id, () => control.completeIn(inner, { attempt })));
  return { attempt };
}

/** Has no unique constraint, since the queue alone must prevent a second row. */
async function effect(sql: Sql, id: string, complete: () => Promise<void>): Promise<void> {
  await sql.query("insert into effects (job_id) values ($1)", [id]);
  await complete();
}

async function gateOpens(sql: Sql, gates: readonly string[], signal: AbortSignal | undefined): Promise<void> {
  for (;;) {
    if (signal?.aborted) throw signal.reason;
    try {
      const { rowCount } = await sql.query("select 1 from gates where name = any($1)", [gates]);
      if (rowCount > 0) return;
    } catch {
      // A lost database must not end the job.
    }
    await new Promise((later) => setTimeout(later, 20));
  }
}

export function openGate(sql: Sql, gate: string): Promise<unknown> {
  return sql.query("insert into gates (name) values ($1)", [gate]);
}

async function write(sql: Sql, { id, attempt, event }: { id: string; attempt: number; event: string }): Promise<void> {
  await sql.query("insert into runs (pid, job_id, attempt, event) values ($1, $2, $3, $4)", [process.pid, id, attempt, event]);
}

export interface Run {
  readonly pid: number;
  readonly attempt: number;
  readonly event: string;
}

export async function runsOf(sql: Sql, jobId: string): Promise<readonly Run[]> {
  return (await sql.query<Run>("select pid, attempt, event from runs where job_id = $1 order by at", [jobId])).rows;
}
