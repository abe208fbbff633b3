/** The newest jobs, to cancel or to try again. */

import type { Client, Job } from "nomaly/client";
import { useCallback, useState } from "preact/hooks";
import { momentText, percentText } from "../format.ts";
import { useRepeated } from "../live/use-repeated.ts";

const shownMax = 20;
const everyMs = 3000;
const underWay: readonly Job["status"][] = ["queued", "retrying", "running"];

export function Jobs({ client }: { readonly client: Client }) {
  const ask = useCallback(
    async (signal: AbortSignal) => {
      const jobs: Job[] = [];
      for await (const job of client.jobs.list({}, { signal })) {
        jobs.push(job);
        if (jobs.length === shownMax) break;
      }
      return jobs;
    },
    [client],
  );
  const { answer: jobs, problem, again } = useRepeated(ask, everyMs);
  const [refusal, setRefusal] = useState<string>();
  const act = (change: Promise<Job>) => {
    setRefusal(undefined);
    change.then(again, (error: unknown) => setRefusal(error instanceof Error ? error.message : String(error)));
  };
  return (
    <section class="card" aria-labelledby="jobs">
      <h2 id="jobs">Jobs</h2>
      <p class="meaning">work in the background, newest first; at most {shownMax} are shown</p>
      {problem === undefined && refusal === undefined ? null : (
        <p class="problem" role="alert">
          {refusal ?? problem}
        </p>
      )}
      {jobs === undefined ? (
        <p class="empty">Asking…</p>
      ) : jobs.length === 0 ? (
        <p class="empty">No job yet. Large trainings and scorings become jobs.</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-label="Jobs, table">
          <table>
            <thead>
              <tr>
                <th scope="col">job</th>
                <th scope="col">status</th>
                <th scope="col" class="number">
                  done
                </th>
                <th scope="col">queued at</th>
                <th scope="col">error</th>
                <th scope="col">change</th>
              </tr>
            </thead>
            <tbody>
              {jobs.map((job) => (
                <JobRow key={job.id} job={job} client={client} act={act} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}

interface JobRowProps {
  readonly job: Job;
  readonly client: Client;
  readonly act: (change: Promise<Job>) => void;
}

function JobRow({ job, client, act }: JobRowProps) {
  return (
    <tr>
      <th scope="row">{job.name}</th>
      <td class={`status-${job.status}`}>{job.status}</td>
      <td class="number">{percentText(job.progress * 100, 0)}</td>
      <td>{momentText(job.created_at)}</td>
      <td class="wrapped">{job.error?.detail ?? ""}</td>
      <td>
        {underWay.includes(job.status) ? (
          <button type="button" class="plain" onClick={() => act(client.jobs.cancel(job.id))}>
            Cancel
          </button>
        ) : job.status === "succeeded" ? null : (
          <button type="button" class="plain" onClick={() => act(client.jobs.retry(job.id))}>
            Try again
          </button>
        )}
      </td>
    </tr>
  );
}
