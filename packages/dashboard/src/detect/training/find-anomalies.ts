/** Makes a detector, trains it on a data set, and scores the data set with it. */

import { type Client, type Dataset, isJob, type JobAccepted } from "nomaly/client";
import { longCallMs } from "../data/upload.ts";

export interface Choice {
  readonly algorithmName: string;
  readonly hyperparameters: Readonly<Record<string, number | string | boolean>>;
  readonly contamination: number | undefined;
}

export interface Step {
  readonly text: string;
  /** Share of the step that is done, 0 to 1; undefined where nobody knows. */
  readonly share: number | undefined;
}

const nameLengthMax = 200;

/**
 * The service makes jobs of the work on large data sets, which tell how far they are.
 * @returns the id of the result. The signal also ends the work in the service.
 */
export async function findAnomalies(
  client: Client,
  dataset: Dataset,
  choice: Choice,
  { show, signal }: { readonly show: (step: Step) => void; readonly signal: AbortSignal },
): Promise<string> {
  const { algorithmName, hyperparameters, contamination } = choice;
  const options = { signal, timeoutMs: longCallMs };
  const asked = { dataset_id: dataset.id };
  const wait = async <Answer extends object>(text: string, answer: Promise<Answer | JobAccepted>): Promise<Answer> => {
    show({ text, share: undefined });
    const given = await answer;
    return isJob(given) ? ((await followJob(client, given.job_id, { text, show, signal })) as Answer) : given;
  };

  const detector = await client.detectors.create(
    {
      name: `${algorithmName} on ${dataset.name}`.slice(0, nameLengthMax),
      algorithm_name: algorithmName,
      hyperparameters,
      contamination,
      options: { missing: "auto" },
    },
    options,
  );
  try {
    await wait("Learning what is usual", client.train({ detector_id: detector.id, ...asked }, options));
    const scored = await wait(
      "Scoring every row",
      client.predict({ detector_id: detector.id, ...asked, explain: true }, options),
    );
    return String(scored.result_id);
  } catch (error) {
    if (signal.aborted) void withdraw(client, detector.id).catch(() => undefined);
    throw error;
  }
}

/** Ends the jobs of a detector, also one whose id was not answered yet, and removes the detector, which nobody has seen. */
async function withdraw(client: Client, detectorId: string): Promise<void> {
  for await (const { id, finished_at: finishedAt } of client.jobs.list({ detector_id: detectorId })) {
    if (finishedAt === null) await client.jobs.cancel(id);
  }
  await client.detectors.remove(detectorId);
}

interface Following {
  readonly text: string;
  readonly show: (step: Step) => void;
  readonly signal: AbortSignal;
}

async function followJob(client: Client, id: string, { text, show, signal }: Following): Promise<object> {
  const onProgress = ({ status, progress }: { readonly status: string; readonly progress: number }) =>
    show(status === "queued" ? { text: "Waiting for a free place", share: undefined } : { text, share: progress });
  return (await client.jobs.wait(id, { signal, onProgress })).result ?? {};
}
