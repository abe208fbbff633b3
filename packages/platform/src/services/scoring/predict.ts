/** Scores the rows of a request with the live model of a detector, and caches the answer. */

import type { BodyFields, BodyGiven, ScoreFileOutcome } from "../../compute/work.ts";
import { readFile, rm } from "node:fs/promises";
import { LRUCache } from "lru-cache";
import { type CacheEntry, resultsEntry } from "../../cache/keys.ts";
import { encodePredictions } from "../../compute/rows/encode-predictions.ts";
import { requireExplainable } from "../../compute/rows/predict-rows.ts";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { hashedColumns } from "../rows/hashed-columns.ts";
import { type AnsweringModel, liveModel, type LiveModel } from "../detectors/live-model.ts";

export interface PredictAnswer {
  readonly model: AnsweringModel;
  readonly rowCount: number;
  readonly anomalyCount: number;
  /** The predictions as a JSON array, as text or UTF-8 bytes. */
  readonly fragment: string | Uint8Array;
  readonly isCached: boolean;
}

export interface PredictBodyAnswer extends Omit<PredictAnswer, "fragment"> {
  /** The predictions as a JSON array, or as an Arrow stream. */
  readonly fragment: Uint8Array | FragmentFile;
}

/** A long answer in a file, which the sender of the answer removes. */
export interface FragmentFile {
  readonly path: string;
}

/** The cached answer: the counts, and the JSON array as text. */
interface CachedPredictions {
  readonly rows: number;
  readonly anomalies: number;
  readonly json: string;
}

/** @throws NomalyError NOT_FOUND, CONFLICT (not trained), OVERLOADED, and the errors of invalid rows. */
export async function answerRows(
  context: ServiceContext,
  call: Call,
  { detectorId, input, explain }: { readonly detectorId: string; readonly input: RowsGiven; readonly explain: boolean },
): Promise<PredictAnswer> {
  if (explain) requireExplainable(input);
  const model = await liveModel(context, detectorId);
  const variant = explain ? "explain" : "";
  const columns = hashedColumns(input);
  const entry = resultsEntry({ detectorId, modelVersion: model.model_version, columns, variant });
  const work = { model: { versionId: model.version_id }, input, explain };
  const compute = async (signal?: AbortSignal): Promise<CachedPredictions> => {
    const outcome = await context.compute.predict(work, signal === undefined ? {} : { signal });
    let anomalies = 0;
    for (const label of outcome.labels) anomalies += label;
    return { rows: outcome.scores.length, anomalies, json: encodePredictions(outcome) };
  };
  if (context.config.redisUrl === undefined && input.rowCount <= fewRows) {
    const near = context.cache.peek<CachedPredictions>(entry.kind, entry.key)?.value;
    const value = near ?? (await compute());
    if (near === undefined) context.cache.put(entry, value);
    return predictedOf(model, value, near !== undefined);
  }
  const { value, from } = await context.cache.get<CachedPredictions>(entry, compute, call.signal);
  if (value === undefined) throw new Error("internal: computing predictions gave none");
  return predictedOf(model, value, from !== "load");
}

/** Up to this many rows, scoring takes less time than sharing a load with other requests or noticing that the client has left. */
const fewRows = 64;

function predictedOf(model: LiveModel, { rows, anomalies, json }: CachedPredictions, isCached: boolean): PredictAnswer {
  return { model, rowCount: rows, anomalyCount: anomalies, fragment: json, isCached };
}

export interface BodyToPredict {
  readonly body: BodyGiven;
  /** SHA-256 of its bytes, in hexadecimal. */
  readonly checksum: string;
  readonly request: (fields: BodyFields) => AskedInBody;
  readonly reply: "json" | "arrow";
}

interface AskedInBody {
  readonly detectorId: string;
  readonly explain: boolean;
}

/**
 * The detector and options that recent bodies asked for, by checksum, so that the cache key of a repeated body is known without
 * parsing it. Only for bodies whose answer was short enough for the cache.
 */
const askedInBodies = new LRUCache<string, AskedInBody>({ max: 1000 });
const cachedAnswerBytesMax = 4 * 1024 ** 2;

/** A JSON body contains detector and options; for an Arrow stream the query has them. */
function bodyKey({ body, checksum, request }: BodyToPredict): string {
  if (body.format === "json") return checksum;
  const { detectorId, explain } = request({});
  return `${checksum} ${detectorId} ${explain}`;
}

/** As `answerRows`, for a body that a worker parses and scores. */
export async function predictBody(context: ServiceContext, call: Call, asked: BodyToPredict): Promise<PredictBodyAnswer> {
  const known = asked.reply === "json" ? askedInBodies.get(bodyKey(asked)) : undefined;
  if (known === undefined) return scoreBody(context, call, asked);
  const model = await liveModel(context, known.detectorId);
  let isRead = false;
  const load = async (signal: AbortSignal) => {
    isRead = true;
    return cachedOf(await scoreBody(context, { ...call, signal }, asked));
  };
  try {
    const { value, from } = await context.cache.get<CachedPredictions>(bodyEntry(model, known, asked), load, call.signal);
    if (value === undefined) throw new Error("internal: computing predictions gave none");
    const { rows: rowCount, anomalies: anomalyCount, json } = value;
    return { model, rowCount, anomalyCount, fragment: Buffer.from(json), isCached: from !== "load" };
  } catch (error) {
    if (isRead || call.signal?.aborted === true) throw error;
    // This request joined the load of another, whose body was gone when that request ended.
    return scoreBody(context, call, asked);
  }
}

function bodyEntry(model: LiveModel, { detectorId, explain }: AskedInBody, { checksum, body }: BodyToPredict): CacheEntry {
  const content = { sha256: checksum, format: `body ${body.format}` };
  return resultsEntry({ detectorId, modelVersion: model.model_version, content, variant: explain ? "explain" : "" });
}

async function scoreBody(context: ServiceContext, call: Call, asked: BodyToPredict): Promise<PredictBodyAnswer> {
  const { body, request, reply } = asked;
  const found: { model?: LiveModel; asked?: AskedInBody } = {};
  const plan = async (fields: BodyFields) => {
    found.asked = request(fields);
    found.model = await liveModel(context, found.asked.detectorId);
    return { model: { versionId: found.model.version_id }, explain: found.asked.explain };
  };
  const outcome = await context.compute.predictBody({ body, plan, reply }, controlOf(call));
  if (found.model === undefined || found.asked === undefined) throw new Error("internal: a body was scored with no model");
  const { rowCount, anomalyCount, fragment, fragmentPath, sizeBytes } = outcome;
  const predicted = {
    model: found.model,
    rowCount,
    anomalyCount,
    fragment: fragment ?? { path: String(fragmentPath) },
    isCached: false,
  };
  if (reply === "json" && sizeBytes <= cachedAnswerBytesMax && !askedInBodies.has(bodyKey(asked))) {
    context.cache.put(bodyEntry(found.model, found.asked, asked), await keptOf(predicted));
    askedInBodies.set(bodyKey(asked), found.asked);
  }
  return predicted;
}

/** Keeps the answer's file, which is still to be sent, unless it cannot be read. */
async function keptOf({ rowCount, anomalyCount, fragment }: PredictBodyAnswer): Promise<CachedPredictions> {
  try {
    const bytes = fragment instanceof Uint8Array ? Buffer.from(fragment) : await readFile(fragment.path);
    return { rows: rowCount, anomalies: anomalyCount, json: bytes.toString("utf8") };
  } catch (error) {
    if (!(fragment instanceof Uint8Array)) await rm(fragment.path, { force: true });
    throw error;
  }
}

async function cachedOf(predicted: PredictBodyAnswer): Promise<CachedPredictions> {
  const kept = await keptOf(predicted);
  if (!(predicted.fragment instanceof Uint8Array)) await rm(predicted.fragment.path, { force: true });
  return kept;
}

export function scoreSummary(outcome: ScoreFileOutcome): Readonly<Record<string, unknown>> {
  return {
    n_samples: outcome.rowCount,
    n_anomalies: outcome.anomalyCount,
    threshold: outcome.threshold,
    score_quantiles: outcome.scoreQuantiles,
    added_columns: outcome.addedColumns,
    score_time_ms: outcome.scoreMs,
  };
}
