/** Fits and scores for the service: small scoring at once on the caller's thread, everything else in workers, within bounds. */

import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { AnomalyModel } from "@nomaly/detect";
import { threadCount, throwIfAborted } from "@nomaly/detect";
import { CostEstimates } from "./cost-estimates.ts";
import type { Fault, OrderKind, SentPlan } from "./messages.ts";
import type { HeldModel, LoadModel, ModelCacheStats } from "./model-cache.ts";
import { ModelCache, modelCacheKinds } from "./model-cache.ts";
import { explainedRowCountMax, predictRows, wantsReasons } from "./predict-rows.ts";
import type { RowLimits } from "./rows-given.ts";
import { copyToSend, rowLimitDefaults } from "./rows-given.ts";
import type {
  BodyFields,
  BodyGiven,
  BodyPlan,
  Control,
  Explain,
  ModelReference,
  PredictBodyOutcome,
  PredictBodyWork,
  PredictOutcome,
  PredictWork,
  ScoreFileOutcome,
  ScoreFileWork,
  TrainOutcome,
  TrainWork,
} from "./work.ts";
import type { WorkerPoolStats } from "./worker-pool.ts";
import { WorkerPool, workerPoolKinds } from "./worker-pool.ts";
import { startWorkerThread } from "./worker-thread.ts";
import type { MetricKinds } from "../watch/metric-kinds.ts";

/** Work on the spot keeps every other request waiting: no more than this. */
const onTheSpotMsMax = 2;
/** Larger models are not restored on the caller's thread: reading one takes up to 8 ms a MiB, where trees are built from rows. */
const onTheSpotModelBytesMax = 1024 ** 2;
/** Bytes of a body for a row, roughly: until it is read nobody knows its rows. */
const bodyBytesPerRow = 100;
/** Reading and scoring a body, roughly. */
const bodyMsPerMib = 30;
const restMsOnClose = 5000;

export interface ComputeOptions {
  readonly loadModel: LoadModel;
  /** Default: the CPU quota. One more is used where there is only one. */
  readonly workerCount?: number;
  readonly modelBytesMax?: number;
  readonly queueRowsMax?: number;
  readonly queueBytesMax?: number;
  readonly queueItemsMax?: number;
  /** Scoring that would wait longer than this is refused at once. */
  readonly queueWaitMsMax?: number;
  readonly workerHeapMibMax?: number;
  readonly rowLimits?: RowLimits;
  /** Folder for what files are read and written with; default the system's. */
  readonly temporaryFolder?: string;
  readonly clock?: { now(): number };
  /** For tests: the fault that a try of some work is to have. */
  readonly faults?: (kind: OrderKind, attempt: number) => Fault | undefined;
}

export interface ComputeStats extends WorkerPoolStats {
  readonly models: ModelCacheStats;
  readonly onTheSpot: number;
}

export const computeKinds: MetricKinds<ComputeStats> = { ...workerPoolKinds, models: modelCacheKinds, onTheSpot: "counter" };

export interface Compute {
  /** Fits in a worker. @throws NomalyError for bad rows or options, OVERLOADED, WORKER (may be retried), ABORTED. */
  train(work: TrainWork, control?: Control): Promise<TrainOutcome>;
  /** Scores rows of a request: on the spot when that takes no time, else in a worker. */
  predict(work: PredictWork, control?: Control): Promise<PredictOutcome>;
  /** Reads, scores and encodes a body that is too large for the caller's thread. */
  predictBody(work: PredictBodyWork, control?: Control): Promise<PredictBodyOutcome>;
  /** Scores a dataset's file into a Parquet file: its columns, then score, label and rank. */
  scoreFile(work: ScoreFileWork, control?: Control): Promise<ScoreFileOutcome>;
  readonly models: {
    get(reference: ModelReference): Promise<AnomalyModel>;
    /** Frees memory; a version that is asked for again is loaded again. */
    drop(versionIds: readonly string[]): void;
    stats(): ModelCacheStats;
  };
  /** Starts a worker in the background, so that the first that needs one does not wait for it. */
  warmUp(): void;
  /** Seconds until what waits now is done, as far as one can tell. */
  retryAfterSeconds(): number;
  stats(): ComputeStats;
  /** Refuses new work; what runs may finish within the bound. */
  close(waitMs?: number): Promise<void>;
}

export function createCompute(options: ComputeOptions): Compute {
  const compute = new ThreadedCompute(options);
  return {
    train: (work, control = {}) => compute.train(work, control),
    predict: (work, control = {}) => compute.predict(work, control),
    predictBody: (work, control = {}) => compute.predictBody(work, control),
    scoreFile: (work, control = {}) => compute.scoreFile(work, control),
    models: {
      get: async (reference) => (await compute.models.hold(reference)).model(),
      drop: (versionIds) => compute.drop(versionIds),
      stats: () => compute.models.stats(),
    },
    warmUp: () => compute.pool.warmUp(),
    retryAfterSeconds: () => compute.pool.retryAfterSeconds(),
    stats: () => compute.stats(),
    close: (waitMs = restMsOnClose) => compute.close(waitMs),
  };
}

class ThreadedCompute {
  readonly models: ModelCache;
  readonly pool: WorkerPool;
  readonly #costs = new CostEstimates();
  readonly #clock: { now(): number };
  /** Made by the first worker that needs it. */
  readonly #temporaryFolder: string;
  #taskCount = 0;
  #onTheSpotCount = 0;

  constructor(options: ComputeOptions) {
    const workerCount = options.workerCount ?? threadCount();
    const modelBytesMax = options.modelBytesMax ?? 256 * 1024 ** 2;
    this.#clock = options.clock ?? performance;
    const folderName = `nomaly-compute-${process.pid}-${randomBytes(6).toString("hex")}`;
    this.#temporaryFolder = join(options.temporaryFolder ?? tmpdir(), folderName);
    this.models = new ModelCache(options.loadModel, modelBytesMax);
    this.pool = new WorkerPool({
      workerCount,
      limits: {
        rowCountMax: options.queueRowsMax ?? 4_000_000,
        sizeBytesMax: options.queueBytesMax ?? 512 * 1024 ** 2,
        itemCountMax: options.queueItemsMax ?? 10_000,
        waitMsMax: options.queueWaitMsMax ?? 1000,
      },
      thread: {
        settings: {
          limits: options.rowLimits ?? rowLimitDefaults,
          modelBytesMax: modelBytesMax / Math.max(2, workerCount),
          allowsFaults: options.faults !== undefined,
        },
        heapMibMax: options.workerHeapMibMax ?? 2048,
      },
      start: startWorkerThread,
      clock: this.#clock,
      faults: options.faults,
    });
  }

  async train(work: TrainWork, control: Control): Promise<TrainOutcome> {
    const { input, options } = work;
    const temporaryFolder = this.#taskFolder();
    return this.pool.run<"train">({
      kind: "train",
      lane: "long",
      ...loadOf(input),
      order: (alone) => {
        const asked = typeof options === "function" ? undefined : options;
        const { sent, transfer } = toSend(input);
        const order = {
          kind: "train" as const,
          input: sent,
          options: asked,
          threads: alone ? ("auto" as const) : 1,
          temporaryFolder,
        };
        return { order, transfer };
      },
      triesAgain: false,
      ...(typeof options === "function" ? { answer: options } : {}),
      cleanUp: () => rmSync(temporaryFolder, { recursive: true, force: true }),
      control,
    });
  }

  async predict(work: PredictWork, control: Control): Promise<PredictOutcome> {
    throwIfAborted(control.signal);
    const { input, explain } = work;
    const held = this.models.peek(work.model) ?? (await unlessAborted(this.models.hold(work.model), control.signal));
    const key = costKey(held.versionId, explain);
    const weight = wantsReasons(explain) ? input.columnCount + 1 : 1;
    const estimateMs = this.#costs.estimateMs(key, input.rowCount, held.bytes.length * weight);
    if (estimateMs <= onTheSpotMsMax && held.bytes.length <= onTheSpotModelBytesMax && input.rowCount <= explainedRowCountMax) {
      const predicted = predictRows(held.model(), input, explain);
      this.#onTheSpotCount++;
      this.#costs.observe(key, input.rowCount, predicted.scoreMs);
      return { ...predicted, where: "on the spot" };
    }
    const predicted = await this.pool.run<"predict">({
      kind: "predict",
      lane: "short",
      ...loadOf(input),
      estimateMs,
      order() {
        const { rows, transfer } = copyToSend(input);
        return { order: { kind: "predict", ...planOf(held, explain), input: rows }, transfer };
      },
      triesAgain: true,
      control,
    });
    this.#costs.observe(key, input.rowCount, predicted.scoreMs);
    return { ...predicted, where: "worker" };
  }

  async predictBody(work: PredictBodyWork, control: Control): Promise<PredictBodyOutcome> {
    const { body, plan, reply } = work;
    const sentPlan = async ({ model, explain }: BodyPlan) => planOf(await this.models.hold(model), explain);
    const known = typeof plan === "function" ? undefined : await unlessAborted(sentPlan(plan), control.signal);
    return this.pool.run<"predict-body">({
      kind: "predict-body",
      lane: "short",
      ...loadOf(body),
      order() {
        const { bytes, transfer } = bytesToSend(body);
        return { order: { kind: "predict-body", body: { ...body, bytes }, plan: known, reply }, transfer };
      },
      triesAgain: true,
      ...(typeof plan === "function" ? { answer: async (fields: BodyFields) => sentPlan(await plan(fields)) } : {}),
      control,
    });
  }

  async scoreFile(work: ScoreFileWork, control: Control): Promise<ScoreFileOutcome> {
    const { input, outputPath } = work;
    const model = await unlessAborted(this.models.hold(work.model), control.signal);
    const temporaryFolder = this.#taskFolder();
    return this.pool.run<"score-file">({
      kind: "score-file",
      lane: "long",
      ...loadOf(input),
      order(alone) {
        const threads = alone ? "auto" : 1;
        const sent = planOf(model, undefined).model;
        return { order: { kind: "score-file", model: sent, input, outputPath, temporaryFolder, threads }, transfer: [] };
      },
      triesAgain: true,
      cleanUp() {
        rmSync(temporaryFolder, { recursive: true, force: true });
        rmSync(`${outputPath}.partial`, { force: true });
      },
      control,
    });
  }

  drop(versionIds: readonly string[]): void {
    this.models.drop(versionIds);
    this.pool.drop(versionIds);
  }

  stats(): ComputeStats {
    return {
      ...this.pool.stats(),
      models: this.models.stats(),
      onTheSpot: this.#onTheSpotCount,
    };
  }

  async close(waitMs: number): Promise<void> {
    await this.pool.close(waitMs);
    this.models.clear();
    rmSync(this.#temporaryFolder, { recursive: true, force: true });
  }

  /** Named here, so that it can be removed when the worker that made it died. */
  #taskFolder(): string {
    return join(this.#temporaryFolder, String(++this.#taskCount));
  }
}

function planOf({ versionId, bytes }: HeldModel, explain: Explain | undefined): SentPlan {
  return { model: { versionId, bytes }, ...(explain === undefined ? {} : { explain }) };
}

function costKey(versionId: string, explain: Explain | undefined): string {
  return wantsReasons(explain) ? `${versionId} explained` : versionId;
}

function toSend(input: TrainWork["input"]): { sent: TrainWork["input"]; transfer: readonly ArrayBuffer[] } {
  switch (input.kind) {
    case "rows": {
      const { rows, transfer } = copyToSend(input);
      return { sent: rows, transfer };
    }
    case "body": {
      const { bytes, transfer } = bytesToSend(input);
      return { sent: { ...input, bytes }, transfer };
    }
    case "file":
      return { sent: input, transfer: [] };
  }
}

/** A copy, since the bytes of a request may lie in memory that others use too. */
function bytesToSend(body: BodyGiven): { bytes: Uint8Array; transfer: readonly ArrayBuffer[] } {
  const bytes = new Uint8Array(body.bytes);
  return { bytes, transfer: [bytes.buffer] };
}

/** What waiting takes: a file waits on disk, and takes nothing. */
function loadOf(input: TrainWork["input"]): { rowCount: number; sizeBytes: number; estimateMs: number } {
  switch (input.kind) {
    case "rows":
      return { rowCount: input.rowCount, sizeBytes: input.sizeBytes, estimateMs: 0 };
    case "file":
      return { rowCount: 0, sizeBytes: 0, estimateMs: 0 };
    case "body": {
      const sizeBytes = input.bytes.length;
      const estimateMs = (sizeBytes / 1024 ** 2) * bodyMsPerMib;
      return { rowCount: Math.ceil(sizeBytes / bodyBytesPerRow), sizeBytes, estimateMs };
    }
  }
}

/** The load itself goes on: others may wait for it. */
async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return promise;
  throwIfAborted(signal);
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = () => {
    try {
      throwIfAborted(signal);
    } catch (error) {
      reject(error);
    }
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}
