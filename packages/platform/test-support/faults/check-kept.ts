/** Checks that the service has all that it acknowledged to a client, once, and gives the same answers as before. */

import { eventually } from "../eventually.ts";
import { probe, type KeepingClient } from "./keeping-client.ts";
import { ask, askAll, type Json, send } from "../requests.ts";

/** The faults that were found, one line each. */
type Problems = string[];

/** Checks while requests are pending: nothing acknowledged is missing, nothing exists twice, nothing exists that no client asked for. */
export async function requireNothingMissing(url: string, client: KeepingClient): Promise<void> {
  const problems: Problems = [];
  await checkNamed(url, client, problems);
  await checkVersions(url, client, problems);
  const { results, jobs } = client.acknowledged;
  requireIds("result", new Set(results.keys()), idsOf(await askAll(url, "/api/results")), problems);
  requireIds("job", new Set(jobs.keys()), idsOf(await askAll(url, "/api/jobs?name=train")), problems);
  await checkPredictions(url, client, problems);
  refuse(problems);
}

export interface QuietOptions {
  /** How long to wait until the last job has ended. */
  readonly jobsMsMax?: number;
}

/** Checks after `finish()`: the service has exactly what it acknowledged. */
export async function requireExactlyKept(url: string, client: KeepingClient, options: QuietOptions = {}): Promise<void> {
  const { jobsMsMax = 60_000 } = options;
  const { datasets, detectors, trainings, results, jobs } = client.acknowledged;
  if (client.pending.size > 0) throw new Error(`not acknowledged: ${[...client.pending].join(", ")}`);
  let states: readonly Json[] = [];
  await eventually(
    "all jobs have ended",
    async () => {
      states = await askAll(url, "/api/jobs?name=train");
      return states.every(({ status }) => status !== "queued" && status !== "running" && status !== "retrying");
    },
    jobsMsMax,
  );
  await requireNothingMissing(url, client);
  const problems: Problems = [];
  for (const { id, status, error } of states) {
    if (status !== "succeeded") problems.push(`job ${String(id)} is ${String(status)}: ${JSON.stringify(error)}`);
  }
  requireCount("data sets", datasets.size, (await askAll(url, "/api/datasets")).length, problems);
  requireCount("detectors", detectors.size, (await askAll(url, "/api/detectors")).length, problems);
  requireCount("results", results.size, (await askAll(url, "/api/results")).length, problems);
  requireCount("jobs", jobs.size, states.length, problems);
  const versions = await versionsOf(url, client);
  requireCount("model versions", trainings.length + jobs.size, versions.length, problems);
  for (const id of jobs.keys()) {
    requireCount(`models of job ${id}`, 1, versions.filter(({ job_id: job }) => job === id).length, problems);
  }
  await checkContents(url, client, problems);
  await checkAudit(url, client, problems);
  refuse(problems);
}

/** No two requests use the same name of a data set or detector. */
async function checkNamed(url: string, { acknowledged, pending }: KeepingClient, problems: Problems): Promise<void> {
  const kept = [
    { path: "/api/datasets", ids: new Map([...acknowledged.datasets].map(([name, { id }]) => [name, id])) },
    { path: "/api/detectors", ids: acknowledged.detectors },
  ];
  for (const { path, ids } of kept) {
    const found = await askAll(url, path);
    const names = new Map(found.map(({ name, id }) => [String(name), String(id)]));
    if (names.size !== found.length) problems.push(`${path} has ${found.length} items of ${names.size} names: some are doubled`);
    for (const [name, id] of ids) {
      if (names.get(name) !== id) problems.push(`${path}: ${name} was acknowledged as ${id} and is ${names.get(name)}`);
    }
    for (const name of names.keys()) {
      if (!ids.has(name) && !pending.has(name)) problems.push(`${path}: nobody asked for ${name}`);
    }
  }
  for (const { id, checksum } of await askAll(url, "/api/datasets")) {
    const told = [...acknowledged.datasets.values()].find((dataset) => dataset.id === id);
    if (told !== undefined && told.checksum !== checksum) problems.push(`data set ${String(id)} has another checksum`);
  }
}

async function versionsOf(url: string, { acknowledged }: KeepingClient): Promise<readonly Json[]> {
  const lists: Json[] = [];
  for (const id of acknowledged.detectors.values()) {
    for (const version of await askAll(url, `/api/detectors/${id}/versions`)) lists.push({ ...version, detector_id: id });
  }
  return lists;
}

/** Model versions are numbered without a gap or a double, and each acknowledged version exists. */
async function checkVersions(url: string, client: KeepingClient, problems: Problems): Promise<void> {
  const numbers = new Map<string, number[]>();
  for (const { detector_id: id, model_version: version } of await versionsOf(url, client)) {
    numbers.set(String(id), [...(numbers.get(String(id)) ?? []), Number(version)]);
  }
  for (const [id, versions] of numbers) {
    const sorted = versions.toSorted((left, right) => left - right);
    if (sorted.some((version, index) => version !== index + 1))
      problems.push(`detector ${id} has the versions ${sorted.join(" ")}`);
  }
  const told = new Set<string>();
  for (const { detectorId, version } of client.acknowledged.trainings) {
    if (!numbers.get(detectorId)?.includes(version)) problems.push(`version ${version} of detector ${detectorId} is missing`);
    if (told.has(`${detectorId} ${version}`)) problems.push(`version ${version} of ${detectorId} was told to two requests`);
    told.add(`${detectorId} ${version}`);
  }
}

async function checkPredictions(url: string, client: KeepingClient, problems: Problems): Promise<void> {
  const trained = new Set(client.acknowledged.trainings.map(({ detectorId }) => detectorId));
  for (const id of trained) {
    try {
      client.compare(id, "probe", await ask(url, "POST /detection/predict", { json: { detector_id: id, data: probe } }));
    } catch (error) {
      problems.push((error as Error).message);
    }
  }
}

/** Reads the bytes of all data sets and results. */
async function checkContents(url: string, { acknowledged }: KeepingClient, problems: Problems): Promise<void> {
  for (const [name, { id, rowCount }] of acknowledged.datasets) {
    const { n_samples: found, rows } = await ask(url, `GET /api/datasets/${id}/rows?offset=${rowCount - 1}&limit=5`);
    if (found !== rowCount || (rows as unknown[]).length !== 1)
      problems.push(`${name} has ${String(found)} rows, not ${rowCount}`);
  }
  for (const [id, { rowCount }] of acknowledged.results) {
    const { status, text } = await send(url, `GET /api/results/${id}?format=csv`);
    const lines = text.trim().split("\n").length - 1;
    if (status !== 200 || lines !== rowCount) problems.push(`result ${id} answers ${status} with ${lines} rows, not ${rowCount}`);
  }
}

/** The audit log has one entry for each change, since both are written in one transaction. */
async function checkAudit(url: string, { acknowledged }: KeepingClient, problems: Problems): Promise<void> {
  const entries = await askAll(url, "/api/audit");
  const { datasets, detectors, trainings, results, jobs } = acknowledged;
  const wanted = {
    "dataset.create": datasets.size,
    "detector.create": detectors.size,
    "detector.train": trainings.length + jobs.size,
    "result.create": results.size,
    "job.train": jobs.size,
  };
  for (const [action, count] of Object.entries(wanted)) {
    requireCount(`audit entries ${action}`, count, entries.filter((entry) => entry["action"] === action).length, problems);
  }
}

function idsOf(items: readonly Json[]): Set<string> {
  return new Set(items.map(({ id }) => String(id)));
}

function requireIds(what: string, wanted: ReadonlySet<string>, found: ReadonlySet<string>, problems: Problems): void {
  for (const id of wanted) if (!found.has(id)) problems.push(`the acknowledged ${what} ${id} is missing`);
}

function requireCount(what: string, wanted: number, found: number, problems: Problems): void {
  if (wanted !== found) problems.push(`${wanted} ${what} were acknowledged, ${found} are there`);
}

function refuse(problems: Problems): void {
  if (problems.length > 0) throw new Error(`${problems.length} faults:\n${problems.slice(0, 20).join("\n")}`);
}
