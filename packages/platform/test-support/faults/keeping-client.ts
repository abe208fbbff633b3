/**
 * A client that acts for several users at once: it uploads, creates, trains and predicts, repeats each request with the same
 * idempotency key until it is answered, and records the answers, which `check-kept.ts` compares with the service.
 */

import type { Random } from "@nomaly/detect";
import { type Answer, fileForm, type Json, trySend } from "../requests.ts";

export interface AcknowledgedDataset {
  readonly id: string;
  readonly checksum: string;
  readonly rowCount: number;
}

export interface AcknowledgedTraining {
  readonly detectorId: string;
  readonly version: number;
}

export interface AcknowledgedResult {
  readonly detectorId: string;
  readonly version: number;
  readonly rowCount: number;
}

/** What the service has acknowledged. */
export interface Acknowledged {
  /** Data sets by name. */
  readonly datasets: Map<string, AcknowledgedDataset>;
  /** Ids by name. */
  readonly detectors: Map<string, string>;
  readonly trainings: AcknowledgedTraining[];
  /** Detector ids by job id. */
  readonly jobs: Map<string, string>;
  readonly results: Map<string, AcknowledgedResult>;
  /** The first prediction of each detector, version and rows. */
  readonly predictions: Map<string, string>;
}

export interface KeepingClient {
  readonly acknowledged: Acknowledged;
  /** Names in requests that are not acknowledged yet; they are also the idempotency keys. */
  readonly pending: ReadonlySet<string>;
  acknowledgedCount(): number;
  /** Requests that were repeated, because no answer came or the answer asked for a retry. */
  repeatedCount(): number;
  /** Sets the address of the service; undefined while it is down. */
  moveTo(url: string | undefined): void;
  /** Compares a prediction with the first of the same rows. @throws when they differ. */
  compare(detectorId: string, rows: string, body: Json): void;
  /** Sends nothing new, and repeats pending requests until they are acknowledged. @throws errors of the users. */
  finish(): Promise<void>;
  /** Ends at once, whatever is pending. */
  abandon(): Promise<void>;
}

export interface KeepingClientOptions {
  readonly random: Random;
  readonly url: string;
  readonly userCount?: number;
  /** Headers of every request. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** The rows that every detector scores. */
export const probe = [
  { a: 0.1, b: 0.2, c: -0.3 },
  { a: 1.5, b: -2, c: 0.5 },
  { a: 9, b: 9, c: -9 },
] as const;

const detectorCountMax = 8;
const algorithms = ["hbos", "ecod", "isolation-forest", "knn"] as const;
const pauseMs = 20;
/** Statuses of answers to passing faults. */
const comeAgain = 503;

interface Step {
  readonly name: string;
  readonly send: (url: string) => Promise<Answer | undefined>;
  readonly acknowledge: (body: Json) => void;
}

export function startKeepingClient(options: KeepingClientOptions): KeepingClient {
  const { random, userCount = 4, headers = {} } = options;
  const acknowledged: Acknowledged = {
    datasets: new Map(),
    detectors: new Map(),
    trainings: [],
    jobs: new Map(),
    results: new Map(),
    predictions: new Map(),
  };
  const pending = new Set<string>();
  const errors: unknown[] = [];
  let place = Promise.withResolvers<string>();
  place.resolve(options.url);
  let isFinishing = false;
  let isAbandoned = false;
  let acknowledgedCount = 0;
  let repeatedCount = 0;

  const compare: KeepingClient["compare"] = (detectorId, rows, body) => {
    const key = `${detectorId} ${String(body["model_version"])} ${rows}`;
    const predictions = body["predictions"] as readonly Json[];
    const told = JSON.stringify(predictions.map(({ anomaly_score: score, is_anomaly, rank }) => [score, is_anomaly, rank]));
    const before = acknowledged.predictions.get(key) ?? told;
    if (before !== told) throw new Error(`predictions of ${key} were ${before} and are ${told}`);
    acknowledged.predictions.set(key, told);
  };

  async function acknowledge({ name, send, acknowledge }: Step): Promise<void> {
    pending.add(name);
    while (!isAbandoned) {
      const answer = await send(await place.promise);
      if (answer !== undefined && answer.status < 300) {
        acknowledge(answer.body);
        acknowledgedCount++;
        pending.delete(name);
        return;
      }
      if (answer !== undefined && answer.status !== comeAgain) {
        throw new Error(`${name} was answered ${answer.status}: ${answer.text.slice(0, 500)}`);
      }
      repeatedCount++;
      await new Promise((later) => setTimeout(later, pauseMs));
    }
  }

  const nextStep = createSteps({ acknowledged, headers, compare });
  const users = Array.from({ length: userCount }, async (_, user) => {
    const own = random.stream(user);
    for (let turn = 0; !isFinishing; turn++) await acknowledge(nextStep(own, `${user}-${turn}`));
  });
  const allEnded = Promise.all(users.map((user) => user.catch((error: unknown) => errors.push(error))));

  return {
    acknowledged,
    pending,
    acknowledgedCount: () => acknowledgedCount,
    repeatedCount: () => repeatedCount,
    moveTo(url) {
      if (url === undefined) place = Promise.withResolvers();
      else {
        // Callers that wait already have the old promise; later callers get the new one.
        place.resolve(url);
        place = Promise.withResolvers();
        place.resolve(url);
      }
    },
    compare,
    async finish() {
      isFinishing = true;
      await allEnded;
      if (errors.length > 0) throw errors[0];
    },
    async abandon() {
      [isFinishing, isAbandoned] = [true, true];
      place.resolve(options.url);
      await allEnded;
    },
  };
}

interface StepParts {
  readonly acknowledged: Acknowledged;
  readonly headers: Readonly<Record<string, string>>;
  readonly compare: KeepingClient["compare"];
}

/** Chooses the next request of a user among those that are possible now. */
function createSteps({ acknowledged, headers, compare }: StepParts): (random: Random, turn: string) => Step {
  const post = (path: string, key: string, json: unknown) => (url: string) =>
    trySend(url, `POST ${path}`, { json, key, headers });

  function upload(random: Random, name: string): Step {
    const rowCount = 40 + random.integer(random.uniform() < 0.1 ? 20_000 : 200);
    const content = csv(random, rowCount);
    return {
      name,
      send: (url) => trySend(url, "POST /api/datasets", { form: fileForm(name, content), key: name, headers }),
      acknowledge: (body) =>
        void acknowledged.datasets.set(name, { id: String(body["id"]), checksum: String(body["checksum"]), rowCount }),
    };
  }

  function create(random: Random, name: string): Step {
    const algorithm = algorithms[random.integer(algorithms.length)];
    return {
      name,
      send: post("/api/detectors", name, { name, algorithm_name: algorithm }),
      acknowledge: (body) => void acknowledged.detectors.set(name, String(body["id"])),
    };
  }

  function train(random: Random, name: string): Step {
    const detectorId = pick(random, [...acknowledged.detectors.values()]);
    const dataset = pick(random, [...acknowledged.datasets.values()]);
    const json = { detector_id: detectorId, dataset_id: dataset.id, background: random.uniform() < 0.2 };
    return {
      name,
      send: post("/detection/train", name, json),
      acknowledge(body) {
        const { job_id: job, model_version: version } = body;
        if (typeof job === "string") acknowledged.jobs.set(job, detectorId);
        else acknowledged.trainings.push({ detectorId, version: Number(version) });
      },
    };
  }

  function predict(random: Random, name: string): Step {
    const { detectorId } = pick(random, acknowledged.trainings);
    const dataset = pick(random, [...acknowledged.datasets.values()]);
    const isOfDataset = random.uniform() < 0.5;
    const source = isOfDataset ? { dataset_id: dataset.id, background: false } : { data: probe, keep: random.uniform() < 0.6 };
    return {
      name,
      send: post("/detection/predict", name, { detector_id: detectorId, ...source }),
      acknowledge(body) {
        compare(detectorId, isOfDataset ? dataset.id : "probe", body);
        const { result_id: id, model_version: version, n_samples: rowCount } = body;
        if (typeof id !== "string") return;
        if (acknowledged.results.has(id)) throw new Error(`two requests were answered with the result ${id}`);
        acknowledged.results.set(id, { detectorId, version: Number(version), rowCount: Number(rowCount) });
      },
    };
  }

  return (random, turn) => {
    const { datasets, detectors, trainings } = acknowledged;
    const share = random.uniform();
    if (datasets.size === 0 || share < 0.2) return upload(random, `dataset-${turn}`);
    if (detectors.size === 0 || (share < 0.3 && detectors.size < detectorCountMax)) return create(random, `detector-${turn}`);
    if (trainings.length === 0 || share < 0.6) return train(random, `train-${turn}`);
    return predict(random, `predict-${turn}`);
  };
}

function pick<Item>(random: Random, items: readonly Item[]): Item {
  return items[random.integer(items.length)];
}

/** Rows of three columns around zero, with one row far away. */
export function csv(random: Random, rowCount: number): string {
  const lines = ["a,b,c"];
  for (let row = 1; row < rowCount; row++) lines.push([random.normal(), random.normal(), random.normal()].join(","));
  lines.push("9,-9,9");
  return `${lines.join("\n")}\n`;
}
