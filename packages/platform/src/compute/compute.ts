/** Fits and scores for the service: small scoring at once on the caller's thread, everything else in workers, within bounds. */

import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AnomalyModel, throwIfAborted } from "@nomaly/detect";
import type { MemoryShares } from "../budget/memory-shares.ts";
import { aboutInput, nothingWaits } from "./about-input.ts";
import { CostEstimates } from "./cost-estimates.ts";
import type { Fault, OrderKind } from "./messages.ts";
import { type HeldModel, type LoadModel, ModelCache, modelCacheMetrics, type ModelCacheStats } from "./model-cache.ts";
import { explainedRowCountMax, predictRows, wantsReasons } from "./rows/predict-rows.ts";
import type {
  BodyFields,
  BodyPlan,
  ChangedModel,
  ChangeModelWork,
  CheckedModel,
  Control,
  ConvertOutcome,
  ConvertWork,
  Explain,
  FileGiven,
  FilePage,
  Inspected,
  ModelFileGiven,
  ModelReference,
  PageOfFile,
  PredictBodyOutcome,
  PredictBodyWork,
  PredictOutcome,
  PredictWork,
  ScoreFileOutcome,
  ScoreFileWork,
  TrainOutcome,
  TrainWork,
  WriteRowsOutcome,
  WriteRowsWork,
} from "./work.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { WorkerPool } from "./pool/worker-pool.ts";
import { workerPoolMetrics } from "./pool/worker-pool-stats.ts";
import { defaultShares, type LaneOptions, lanesOf } from "./pool/worker-lanes.ts";
import { startWorkerProcess } from "./pool/worker-process.ts";
import { counter, type StatsOf } from "../watch/metric-kinds.ts";

/** Scoring on the caller's thread delays every other request: work that is estimated to take longer goes to a worker. */
const onTheSpotMsMax = 2;
/** Larger models are scored in a worker: restoring one takes up to 8 ms a MiB, as some build their trees from rows. */
const onTheSpotModelBytesMax = 1024 ** 2;
const restMsOnClose = 5000;
/** Time limit for reading a small file. */
const fileMsMax = 60_000;
/** A large file gets more time, at this speed: a fifth of what one busy processor reads. */
const fileBytesPerMsMin = (5 * 1024 ** 2) / 1000;
/** With this much memory, idle workers stay alive instead of being started when work arrives. */
const roomyBytesMin = 4 * 1024 ** 3;

/** Time limit for reading a file of this size. */
export function fileTimeMs(sizeBytes: number): number {
  return fileMsMax + sizeBytes / fileBytesPerMsMin;
}

export interface ComputeOptions extends Omit<LaneOptions, "faults"> {
  readonly loadModel: LoadModel;
  /** Workers that fit and score. Default: the CPU quota, at least 2. */
  readonly workerCount?: number;
  /** Default: shares of the memory that this process may use. */
  readonly shares?: MemoryShares;
  readonly modelBytesMax?: number;
  readonly queueRowsMax?: number;
  readonly queueBytesMax?: number;
  readonly queueItemsMax?: number;
  /** The queue refuses scoring that would wait longer than this. */
  readonly queueWaitMsMax?: number;
  /** Parent of compute's temporary files; default: the system's temporary folder. */
  readonly temporaryFolder?: string;
  readonly clock?: { now(): number };
  /** For tests: the fault that a worker commits in an attempt. */
  readonly faults?: (kind: OrderKind, attempt: number) => Fault | undefined;
}

export const computeMetrics = {
  ...workerPoolMetrics,
  models: modelCacheMetrics,
  onTheSpot: counter("Requests scored without a worker"),
};
export type ComputeStats = StatsOf<typeof computeMetrics>;

export interface Compute {
  /** Fits in a worker. @throws NomalyError for bad rows or options, OVERLOADED, WORKER (the caller may retry), ABORTED. */
  train(work: TrainWork, control?: Control): Promise<TrainOutcome>;
  /** Scores rows of a request: on the caller's thread when that takes at most 2 ms, else in a worker. */
  predict(work: PredictWork, control?: Control): Promise<PredictOutcome>;
  /** Reads, scores and encodes a body that is too large for the caller's thread. */
  predictBody(work: PredictBodyWork, control?: Control): Promise<PredictBodyOutcome>;
  /** Scores a table and writes a Parquet file: the table's columns, then score, label and rank. */
  scoreFile(work: ScoreFileWork, control?: Control): Promise<ScoreFileOutcome>;
  /** Reads a file from end to end. @throws NomalyError FILE_*, TOO_LARGE naming the file. */
  inspect(file: FileGiven, control?: Control): Promise<Inspected>;
  /** Reads the rows of a page, or as many of them as fit into an answer. */
  readPage(file: FileGiven, page: PageOfFile, control?: Control): Promise<FilePage>;
  convert(work: ConvertWork, control?: Control): Promise<ConvertOutcome>;
  /** Restores the model of a file from outside. @throws NomalyError MODEL_FILE, UNKNOWN_DETECTOR, TOO_LARGE, FILE_READ. */
  checkModel(file: ModelFileGiven, control?: Control): Promise<CheckedModel>;
  /** Makes another model from a stored one. @throws NomalyError UNSUPPORTED, PARAM, and for bad rows. */
  changeModel(work: ChangeModelWork, control?: Control): Promise<ChangedModel>;
  /** Reads the rows of a body and writes them to a file. */
  writeRows(work: WriteRowsWork, control?: Control): Promise<WriteRowsOutcome>;
  readonly models: {
    get(reference: ModelReference): Promise<AnomalyModel>;
    /** Frees memory; a later request for such a version loads it again. */
    drop(versionIds: readonly string[]): void;
    stats(): ModelCacheStats;
  };
  /** Starts a worker in the background, so that the first request does not wait for one to start. */
  warmUp(): void;
  /** Seconds that a request with rows would wait for a worker now. */
  shortWaitSeconds(): number;
  stats(): ComputeStats;
  /** The process ids of the workers, whose memory and processor time are part of the service's. */
  workerPids(): readonly number[];
  /** Refuses new work, and lets running work finish within `waitMs`. */
  close(waitMs?: number): Promise<void>;
}

export function createCompute(options: ComputeOptions): Compute {
  const compute = new PooledCompute(options);
  return {
    train: (work, control = {}) => compute.train(work, control),
    predict: (work, control = {}) => compute.predict(work, control),
    predictBody: (work, control = {}) => compute.predictBody(work, control),
    scoreFile: (work, control = {}) => compute.scoreFile(work, control),
    inspect: (file, control = {}) => compute.readFile(file, control, { kind: "inspect" }),
    readPage: (file, page, control = {}) => compute.readFile(file, control, { kind: "read-page", page }),
    convert: (work, control = {}) => compute.convert(work, control),
    checkModel: (file, control = {}) => compute.checkModel(file, control),
    changeModel: (work, control = {}) => compute.changeModel(work, control),
    writeRows: (work, control = {}) => compute.writeRows(work, control),
    models: {
      get: async (reference) => (await compute.models.hold(reference)).model(),
      drop: (versionIds) => compute.drop(versionIds),
      stats: () => compute.models.stats(),
    },
    warmUp: () => compute.pool.warmUp(),
    shortWaitSeconds: () => compute.pool.shortWaitSeconds(),
    stats: () => compute.stats(),
    workerPids: () => compute.pool.pids(),
    close: (waitMs = restMsOnClose) => compute.close(waitMs),
  };
}

class PooledCompute {
  readonly models: ModelCache;
  readonly pool: WorkerPool;
  readonly #costs = new CostEstimates();
  /** Created when first needed. */
  readonly #temporaryFolder: string;
  #taskCount = 0;
  #onTheSpotCount = 0;

  constructor(options: ComputeOptions) {
    const shares = options.shares ?? defaultShares(options.workerCount);
    const folderName = `nomaly-compute-${process.pid}-${randomBytes(6).toString("hex")}`;
    this.#temporaryFolder = join(options.temporaryFolder ?? tmpdir(), folderName);
    this.models = new ModelCache(options.loadModel, options.modelBytesMax ?? shares.modelBytes);
    this.pool = new WorkerPool({
      lanes: lanesOf(shares, options),
      isRoomy: shares.limitBytes >= roomyBytesMin,
      limits: {
        rowCountMax: options.queueRowsMax ?? 4_000_000,
        sizeBytesMax: options.queueBytesMax ?? shares.queueBytes,
        itemCountMax: options.queueItemsMax ?? 10_000,
        waitMsMax: options.queueWaitMsMax ?? 1000,
      },
      start: startWorkerProcess,
      clock: options.clock ?? performance,
      faults: options.faults,
    });
  }

  async train(work: TrainWork, control: Control): Promise<TrainOutcome> {
    const { input, options } = work;
    const temporaryFolder = this.#taskFolder();
    const modelPath = `${temporaryFolder}.model`;
    return this.pool.run<"train">({
      kind: "train",
      lane: "long",
      ...this.#about(input),
      order: (alone) => ({
        kind: "train",
        input,
        options: typeof options === "function" ? undefined : options,
        threads: alone ? "auto" : 1,
        temporaryFolder,
        modelPath,
      }),
      triesAgain: false,
      ...(typeof options === "function" ? { plan: options } : {}),
      cleanUp: () => remove(temporaryFolder, modelPath),
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
    const isSmall = held.bytes.length <= onTheSpotModelBytesMax && input.rowCount <= explainedRowCountMax;
    if (estimateMs <= onTheSpotMsMax && isSmall && !held.isForeign) {
      const predicted = predictRows(held.model(), input, explain);
      this.#onTheSpotCount++;
      this.#costs.observe(key, input.rowCount, predicted.scoreMs);
      return { ...predicted, where: "on the spot" };
    }
    const predicted = await this.pool.run<"predict">({
      kind: "predict",
      lane: "short",
      ...this.#about(input),
      estimateMs,
      order: () => ({ kind: "predict", ...planOf(held, explain), input }),
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
    mkdirSync(this.#temporaryFolder, { recursive: true });
    const replyPath = this.#taskFolder();
    return this.pool.run<"predict-body">({
      kind: "predict-body",
      lane: "short",
      ...this.#about(body),
      order: () => ({ kind: "predict-body", body, plan: known, reply, replyPath }),
      triesAgain: true,
      ...(typeof plan === "function" ? { plan: async (fields: BodyFields) => sentPlan(await plan(fields)) } : {}),
      cleanUp: () => remove(replyPath),
      control,
    });
  }

  async scoreFile({ model, input, outputPath, wanted = {} }: ScoreFileWork, control: Control): Promise<ScoreFileOutcome> {
    const held = await unlessAborted(this.models.hold(model), control.signal);
    const temporaryFolder = this.#taskFolder();
    return this.pool.run<"score-file">({
      kind: "score-file",
      lane: "long",
      ...this.#about(input),
      order: (alone) => ({
        kind: "score-file",
        model: { versionId: held.versionId },
        input,
        outputPath,
        temporaryFolder,
        threads: alone ? "auto" : 1,
        wanted,
      }),
      triesAgain: true,
      cleanUp: () => remove(temporaryFolder, `${outputPath}.partial`),
      control,
    });
  }

  readFile(file: FileGiven, control: Control, what: { readonly kind: "inspect" }): Promise<Inspected>;
  readFile(file: FileGiven, control: Control, what: { readonly kind: "read-page"; readonly page: PageOfFile }): Promise<FilePage>;
  async readFile(
    input: FileGiven,
    control: Control,
    what: { readonly kind: "inspect" } | { readonly kind: "read-page"; readonly page: PageOfFile },
  ): Promise<Inspected | FilePage> {
    const temporaryFolder = this.#taskFolder();
    return this.pool.run<"inspect" | "read-page">({
      lane: "file",
      ...this.#about(input),
      kind: what.kind,
      order: () => ({ ...what, input, temporaryFolder }),
      timeMsMax: fileTimeMs(input.sizeBytes ?? 0),
      triesAgain: true,
      cleanUp: () => remove(temporaryFolder),
      control,
    });
  }

  async convert(work: ConvertWork, control: Control): Promise<ConvertOutcome> {
    const temporaryFolder = this.#taskFolder();
    return this.pool.run<"convert">({
      kind: "convert",
      lane: "file",
      ...nothingWaits,
      subject: "the result",
      field: "id",
      readsFile: true,
      modelBytes: this.#modelBytes,
      order: () => ({ kind: "convert", ...work, temporaryFolder }),
      triesAgain: true,
      cleanUp: () => remove(temporaryFolder, work.toPath),
      control,
    });
  }

  async checkModel({ path, sizeBytes }: ModelFileGiven, control: Control): Promise<CheckedModel> {
    return this.pool.run<"check-model">({
      kind: "check-model",
      lane: "file",
      ...nothingWaits,
      subject: "the model file",
      field: "body",
      readsFile: true,
      modelBytes: this.#modelBytes,
      order: () => ({ kind: "check-model", path }),
      timeMsMax: fileTimeMs(sizeBytes),
      triesAgain: true,
      control,
    });
  }

  async changeModel({ change, model }: ChangeModelWork, control: Control): Promise<ChangedModel> {
    const temporaryFolder = this.#taskFolder();
    const modelPath = `${temporaryFolder}.model`;
    const known = typeof model === "function" ? undefined : model;
    return this.pool.run<"change-model">({
      kind: "change-model",
      lane: change.kind === "update" && change.input.kind === "file" ? "long" : "short",
      ...(change.kind === "update" ? this.#about(change.input) : this.#aboutModel),
      order: () => ({ kind: "change-model", change, model: known, temporaryFolder, modelPath }),
      triesAgain: true,
      ...(typeof model === "function" ? { plan: model } : {}),
      cleanUp: () => remove(temporaryFolder, modelPath),
      control,
    });
  }

  async writeRows({ body, plan }: WriteRowsWork, control: Control): Promise<WriteRowsOutcome> {
    const outputPath = this.#taskFolder();
    return this.pool.run<"write-rows">({
      kind: "write-rows",
      lane: "file",
      ...this.#about(body),
      order: () => ({ kind: "write-rows", body, outputPath }),
      plan,
      timeMsMax: fileTimeMs(body.sizeBytes),
      triesAgain: true,
      cleanUp: () => remove(outputPath),
      control,
    });
  }

  drop(versionIds: readonly string[]): void {
    this.models.drop(versionIds);
    this.pool.drop(versionIds);
  }

  stats(): ComputeStats {
    return { ...this.pool.stats(), models: this.models.stats(), onTheSpot: this.#onTheSpotCount };
  }

  async close(waitMs: number): Promise<void> {
    await this.pool.close(waitMs);
    this.models.clear();
    remove(this.#temporaryFolder);
  }

  readonly #about = (input: TrainWork["input"]) => ({ ...aboutInput(input), modelBytes: this.#modelBytes });

  get #aboutModel() {
    return { ...nothingWaits, subject: "the model", field: "id", readsFile: false, modelBytes: this.#modelBytes };
  }

  readonly #modelBytes = async (versionId: string): Promise<Uint8Array> => (await this.models.hold({ versionId })).bytes;

  /** This process chooses the path, so that it can remove the folder of a worker that died. */
  #taskFolder(): string {
    return join(this.#temporaryFolder, String(++this.#taskCount));
  }
}

function remove(...paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { recursive: true, force: true });
}

function planOf({ versionId }: HeldModel, explain: Explain | undefined): BodyPlan {
  return { model: { versionId }, ...(explain === undefined ? {} : { explain }) };
}

function costKey(versionId: string, explain: Explain | undefined): string {
  return wantsReasons(explain) ? `${versionId} explained` : versionId;
}
