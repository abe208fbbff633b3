/** A fitted detector with its pipeline, threshold and ranks: what a user holds, scores with and saves. */

import type { AnyDetector, Ensemble, EnsembleMember, IncrementalModel, Model } from "../detector/detector.ts";
import type { ParamValue } from "../detector/params.ts";
import { NomalyError } from "../errors.ts";
import type { ContributionMeaning } from "../explanation/column-contributions.ts";
import type { Reason } from "../explanation/explain.ts";
import { explainRows } from "../explanation/explain.ts";
import type { KernelSet } from "../kernels/kernel-set.ts";
import type { Matrix } from "../matrix.ts";
import type { RowsInput } from "../pipeline/column-source.ts";
import type { ColumnSource } from "../pipeline/column-source.ts";
import { columnSource } from "../pipeline/column-source.ts";
import { encodeColumns, encodePieces, encodeRows, plainRows, sharedValueCountMin } from "../pipeline/encode.ts";
import { pipelineWidth } from "../pipeline/pipeline.ts";
import type { MissingPolicy, Pipeline, PipelineColumn, Scaling, SkippedColumn } from "../pipeline/pipeline.ts";
import { thresholdOfKept } from "../thresholds/kept-scores.ts";
import type { Ranker } from "../thresholds/rank.ts";
import { parseThreshold, type ThresholdSpec } from "../thresholds/threshold-spec.ts";
import type { OwnBytes } from "../shared-memory.ts";
import { borrowFloat64, giveBack } from "../shared-memory.ts";
import { scoreRows } from "../threads/score-rows.ts";
import type { Threads } from "../threads/threads.ts";
import { saveModel } from "./saved-model.ts";
import { inTurns } from "../threads/pieces.ts";

/** What a model says of rows: one entry a row in each array, in order. */
export interface Predictions {
  /** Higher is more anomalous. */
  readonly scores: Float64Array;
  /** 1 where `score > threshold`. */
  readonly labels: Uint8Array;
  /** Share of training scores below, 0 to 1. With more than 10,000 rows, here or in training, computed when first read. */
  readonly ranks: Float64Array;
}

/** Why a row has its score. */
export interface RowExplanation {
  /** Higher is more anomalous. */
  readonly score: number;
  /** Share of training scores below, 0 to 1. */
  readonly rank: number;
  /** 1 where `score > threshold`, else 0. */
  readonly label: number;
  /** Every column, the largest contribution first. */
  readonly reasons: readonly Reason[];
  /** What each member of an ensemble says of the row; absent for single detectors. */
  readonly votes?: readonly Vote[];
}

/** What a member of an ensemble says of a row. */
export interface Vote {
  /** The member, as in {@link AnomalyModel.ensemble}. */
  readonly name: string;
  /** The row's mid-rank among the member's training scores, 0 to 1; higher is more anomalous. */
  readonly rank: number;
  /** 1 where the member places the row among as many anomalies as the whole ensemble labels. */
  readonly label: number;
}

/** Why rows have their scores. */
export interface Explanation {
  /** What the contributions sum to; `substitution` for detectors that have none of their own. */
  readonly meaning: ContributionMeaning;
  /** One explanation a row, in order. */
  readonly rows: readonly RowExplanation[];
}

/** How the work is done: threads, stopping, progress. None of it changes a score. */
export interface ScoreOptions {
  /** Worker threads to use; "auto" takes as many as pay. Default auto. */
  readonly threads?: number | "auto";
  /** Stops the work: the call then fails with ABORTED. */
  readonly signal?: AbortSignal;
  /** Called with the share done, 0 to 1. */
  readonly progress?: (done: number) => void;
}

/** All that a fitted model consists of. */
export interface ModelParts {
  readonly detector: AnyDetector;
  readonly params: Readonly<Record<string, ParamValue>>;
  readonly seed: number;
  readonly pipeline: Pipeline;
  readonly thresholdSpec: ThresholdSpec;
  readonly threshold: number;
  /** Made when first needed. */
  readonly ranker: () => Ranker;
  readonly trainingRowCount: number;
  readonly model: Model;
}

/** A fitted model: scores, judges and explains rows, and is saved to bytes. */
export interface AnomalyModel {
  /** Id of the detector that was fitted. */
  readonly detectorId: string;
  /** The parameters used, complete. */
  readonly params: Readonly<Record<string, ParamValue>>;
  /** The seed of the fit. */
  readonly seed: number;
  /** A row is anomalous when its score is above this. */
  readonly threshold: number;
  /** How the threshold was set, complete. */
  readonly thresholdSpec: ThresholdSpec;
  /** Rows that the model has learned from. */
  readonly trainingRowCount: number;
  /** How the columns were brought to one scale. */
  readonly scaling: Scaling;
  /** What is done with missing values. */
  readonly missing: MissingPolicy;
  /** False when the training rows had no column names: then new rows are matched by position. */
  readonly hasNamedColumns: boolean;
  /** The columns used, with what is usual in each. */
  readonly columns: readonly PipelineColumn[];
  /** Of a detector that asks several others: who took part, and who did not and why. Absent for single detectors. */
  readonly ensemble?: Pick<Ensemble, "members" | "leftOut">;
  /** Columns that were left out, and why. */
  readonly skippedColumns: readonly SkippedColumn[];
  /**
   * One score a row, in order, at once on this thread. Rows that were fitted are scored anew here: for neighbour methods
   * a row then finds itself, so use the scores that `detect` gives for those.
   * @throws NomalyError COLUMN, SHAPE or NOT_FINITE when the rows do not fit the model.
   */
  score(rows: RowsInput): Float64Array;
  /** Scores rows as `score` does, and labels and ranks them. */
  predict(rows: RowsInput): Predictions;
  /** Like `score`, on worker threads, with abort and progress. */
  scoreAsync(rows: RowsInput, options?: ScoreOptions): Promise<Float64Array>;
  /** Like `predict`, on worker threads, with abort and progress. */
  predictAsync(rows: RowsInput, options?: ScoreOptions): Promise<Predictions>;
  /** Labels and ranks of scores that this model gave. */
  judge(scores: Float64Array): Predictions;
  /** What each column contributed to the score of each row, with the usual values there. */
  explain(rows: RowsInput): Explanation;
  /**
   * What each member of an ensemble says of each row, in the order of {@link AnomalyModel.ensemble}; empty lists for single
   * detectors. The more members agree, the surer is the label.
   * @throws NomalyError COLUMN, SHAPE or NOT_FINITE when the rows do not fit the model.
   */
  votes(rows: RowsInput): readonly (readonly Vote[])[];
  /** True when the model learns further from new rows. */
  readonly learnsIncrementally: boolean;
  /** Learns further: score first, then update. Threshold and ranks stay as fitted. @throws NomalyError UNSUPPORTED. */
  update(rows: RowsInput): void;
  /**
   * The same model with another threshold: a score, or a method that is computed from the training scores that the model keeps, such as
   * `{ contamination: 0.02 }`. Exact up to 65,536 training rows; beyond, within 1/65,535 of the rows. Learning further with one of the
   * two models leaves the other as it is.
   * @throws NomalyError PARAM, UNSUPPORTED for a method that needs scores that the model does not keep.
   */
  withThreshold(threshold: number | Readonly<Record<string, unknown>>): AnomalyModel;
  /** One buffer that `load` reads back to a model of bit-equal scores. */
  save(): OwnBytes;
}

/** Ranks of so few rows take some milliseconds. They are plain values then, which consoles show. */
const rowCountRankedAtOnce = 10_000;

/** Gives threads for an input of `valueCount` values; the library closes them, not the caller. */
export type OpenThreads = (threads: number | "auto" | undefined, valueCount: number) => Threads;

export function createAnomalyModel(parts: ModelParts, kernels: KernelSet, openThreads: OpenThreads): AnomalyModel {
  const { detector, pipeline, threshold, model } = parts;

  function score(rows: RowsInput): Float64Array {
    const matrix = encodeRows(pipeline, columnSource(rows));
    const scores = new Float64Array(matrix.rowCount);
    model.scoreInto(matrix, scores);
    return scores;
  }

  async function scoreAsync(rows: RowsInput, options: ScoreOptions = {}): Promise<Float64Array> {
    const source = columnSource(rows);
    const plain = source.rowCount === 0 ? undefined : plainRows(pipeline, source);
    const { signal, progress } = options;
    const borrowed: Float64Array[] = [];
    const matrix = plain?.rows ?? (await inTurns(encoded(source, borrowed), signal));
    const threads = openThreads(options.threads, matrix.values.length);
    const context = {
      kernels,
      threads,
      ...(signal === undefined ? {} : { signal }),
      ...(progress === undefined ? {} : { progress }),
      ...(plain === undefined ? {} : { preparation: { scaling: plain.scaling } }),
    };
    try {
      const scores = await scoreRows(detector.id, model, matrix, context);
      for (const values of borrowed) giveBack(values);
      return scores;
    } catch (error) {
      // A block's error names a place within the block: encoding all rows again names the place in the whole table.
      if (error instanceof NomalyError && error.code === "NOT_FINITE") encodeRows(pipeline, source);
      throw error;
    }
  }

  /** Many rows on memory that a later call uses again. @param borrowed receives it. */
  function encoded(source: ColumnSource, borrowed: Float64Array[]): Generator<void, Matrix, void> {
    const width = pipelineWidth(pipeline);
    if (source.rowCount * width < sharedValueCountMin) return encodePieces(pipeline, source, false);
    return encodeColumns(pipeline, source, (length) => {
      const values = borrowFloat64(length).fill(0);
      borrowed.push(values);
      return values;
    });
  }

  function judge(scores: Float64Array): Predictions {
    const labels = new Uint8Array(scores.length);
    for (let row = 0; row < scores.length; row++) labels[row] = scores[row] > threshold ? 1 : 0;
    const ranksOf = () => {
      const ranker = parts.ranker();
      return scores.map((score) => ranker.rank(score));
    };
    if (Math.max(scores.length, parts.trainingRowCount) <= rowCountRankedAtOnce) return { scores, labels, ranks: ranksOf() };
    let ranks: Float64Array | undefined;
    return {
      scores,
      labels,
      get ranks() {
        ranks ??= ranksOf();
        return ranks;
      },
    };
  }

  function explain(rows: RowsInput): Explanation {
    const source = columnSource(rows);
    const matrix = encodeRows(pipeline, source);
    const scores = new Float64Array(matrix.rowCount);
    model.scoreInto(matrix, scores);
    const { labels, ranks } = judge(scores);
    const reasons = explainRows(parts, source, matrix);
    const claim = detector.traits.explains;
    const votes = model.ensemble === undefined ? undefined : votesOf(matrix);
    return {
      meaning: claim === "none" || model.contributionsInto === undefined ? "substitution" : claim,
      rows: reasons.map((list, row) => ({
        score: scores[row],
        rank: ranks[row],
        label: labels[row],
        reasons: list,
        ...(votes === undefined ? {} : { votes: votes[row] }),
      })),
    };
  }

  /** For each row what the members of an ensemble say. */
  function votesOf(matrix: Matrix): Vote[][] {
    const { ensemble } = model;
    if (ensemble === undefined) return Array.from({ length: matrix.rowCount }, () => []);
    const { members } = ensemble;
    const midRanks = new Float64Array(matrix.rowCount * members.length);
    ensemble.midRanksInto(matrix, midRanks);
    // Where no training row is labelled, a member still finds what it scores above all of them.
    const limit = Math.min(parts.ranker().shareUpTo(threshold), (parts.trainingRowCount - 0.5) / parts.trainingRowCount);
    const voteOf = (rank: number, { name }: EnsembleMember): Vote => ({ name, rank, label: rank > limit ? 1 : 0 });
    return Array.from({ length: matrix.rowCount }, (_, row) =>
      members.map((member, at) => voteOf(midRanks[row * members.length + at], member)),
    );
  }

  function update(rows: RowsInput): void {
    if (!isIncremental(model)) {
      throw new NomalyError("UNSUPPORTED", `${detector.id} does not learn from further rows; fit again`, { field: "detector" });
    }
    model.update(encodeRows(pipeline, columnSource(rows)));
  }

  function withThreshold(given: number | Readonly<Record<string, unknown>>): AnomalyModel {
    const spec = parseThreshold(typeof given === "number" ? { method: "fixed", value: given } : given);
    // A model that learns further changes itself, so the other gets a copy.
    const own = isIncremental(model) ? detector.restore(model.toState(), kernels) : model;
    const moved = { ...parts, model: own, thresholdSpec: spec, threshold: thresholdOfKept(parts.ranker().state, spec) };
    return createAnomalyModel(moved, kernels, openThreads);
  }

  return {
    detectorId: detector.id,
    params: parts.params,
    seed: parts.seed,
    threshold,
    thresholdSpec: parts.thresholdSpec,
    trainingRowCount: parts.trainingRowCount,
    scaling: pipeline.scaling,
    missing: pipeline.missing,
    hasNamedColumns: pipeline.named,
    columns: pipeline.columns,
    ...(model.ensemble === undefined ? {} : { ensemble: { members: model.ensemble.members, leftOut: model.ensemble.leftOut } }),
    skippedColumns: pipeline.skipped,
    score,
    predict: (rows) => judge(score(rows)),
    scoreAsync,
    predictAsync: async (rows, options) => judge(await scoreAsync(rows, options)),
    judge,
    explain,
    votes: (rows) => votesOf(encodeRows(pipeline, columnSource(rows))),
    learnsIncrementally: isIncremental(model),
    update,
    withThreshold,
    save: () => saveModel(parts),
  };
}

function isIncremental(model: Model): model is IncrementalModel {
  return "update" in model;
}
