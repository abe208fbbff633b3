/** Schemas of training, scoring, explaining, evaluating and comparing. */

import { type Static, Type } from "typebox";
import { LearnedColumn } from "./learned-column.ts";
import { ColumnNames, Id, idOf, nullable, rowsAs, strict } from "./shared.ts";

/** The rows to train on or to score: rows in the request, or a stored data set. */
const given = {
  dataset_id: Type.Optional(idOf("a stored data set, whose rows are taken; instead of data")),
  data: Type.Optional(rowsAs("the rows themselves; instead of dataset_id")),
  columns: Type.Optional(ColumnNames),
};

const background = Type.Optional(
  Type.Boolean({ description: "true answers 202 with a job at once; otherwise only large data sets become jobs" }),
);
const webhook = Type.Optional(
  Type.String({
    format: "uri",
    maxLength: 2000,
    description:
      "the service sends a POST to this address when the job has ended, and runs work on a data set as a job. The operator must allow its host",
  }),
);
const labels = Type.Optional(
  Type.Array(Type.Union([Type.Literal(0), Type.Literal(1), Type.Boolean()]), {
    minItems: 1,
    description: "true labels, one for each row: 1 or true is anomalous",
    examples: [[0, 0, 1]],
  }),
);
const labelColumn = Type.Optional(
  Type.String({ minLength: 1, maxLength: 1000, description: "column of the rows that holds the true labels" }),
);
const modelVersion = Type.Integer({ description: "number of the model version that scored" });
const threshold = Type.Number({ description: "a row with a higher score is anomalous" });
const scoredCount = Type.Integer({ description: "number of rows that were scored" });
const anomalyCount = Type.Integer({ description: "number of rows above the threshold" });
const processingMs = Type.Number({
  description: "milliseconds that the work took, without receiving the request and sending the answer",
});
const problem = Type.Object({ error: Type.Ref("Problem", { description: "why this detector has no scores" }) });
const anomalyValue = Type.Optional(
  Type.Union([Type.String({ minLength: 1, maxLength: 1000 }), Type.Number(), Type.Boolean()], {
    description:
      "the value of anomalous rows in label_column, whose other value is then normal; without it 1, true, yes, anomaly and the like are anomalous, " +
      "0, false, no, normal and the like are not",
    examples: ["malignant"],
  }),
);

export const TrainRequest = Type.Object(
  { detector_id: idOf("the detector to train"), ...given, background, webhook_url: webhook },
  { ...strict, $id: "TrainRequest", description: "a detector, and the rows to train it on: data or dataset_id" },
);
export type TrainRequest = Static<typeof TrainRequest>;

export const SkippedColumn = Type.Object(
  {
    name: Type.String({ description: "name of the column" }),
    reason: Type.String({ description: "why it was left out, in words" }),
  },
  { description: "a column of the training rows that the model does not use" },
);

export const Trained = Type.Object(
  {
    detector_id: idOf("the detector that was trained"),
    model_version: Type.Integer({ description: "number of the new version, which is live now" }),
    algorithm_name: Type.String({ description: "algorithm of the detector" }),
    threshold,
    n_samples: Type.Integer({ description: "number of rows given; of very many the model is fitted on a sample" }),
    n_features: Type.Integer({ description: "number of columns that the model uses" }),
    columns: Type.Array(Type.String(), { description: "names of the columns that the model uses" }),
    skipped_columns: Type.Array(SkippedColumn, { description: "columns that it does not use, with the reason of each" }),
    notes: Type.Array(Type.String(), {
      description:
        "how the data set's file was read, in sentences: numbers and dates that were recognised as people write them, with an example of each, columns that are not used, and what was left open; empty where there is nothing to say, and for rows of a request",
    }),
    training_time_ms: Type.Number({ description: "milliseconds that reading, fitting and storing took" }),
  },
  { $id: "Trained", description: "what a training made" },
);
export type Trained = Static<typeof Trained>;

export const UpdateRequest = Type.Object(
  {
    detector_id: idOf("the detector that learns further; its algorithm must be able to"),
    ...given,
    background,
    webhook_url: webhook,
  },
  { ...strict, $id: "UpdateRequest", description: "the rows to learn further from, in their order" },
);
export type UpdateRequest = Static<typeof UpdateRequest>;

export const Updated = Type.Object(
  {
    detector_id: idOf("the detector that has learned further"),
    model_version: Type.Integer({ description: "number of the new version, which is live now" }),
    based_on: Type.Integer({ description: "the version that learned further" }),
    algorithm_name: Type.String({ description: "algorithm of the detector" }),
    threshold: Type.Number({ description: "as before: scores of new rows do not move it" }),
    n_samples: Type.Integer({ description: "rows learned from" }),
    update_time_ms: Type.Number({ description: "milliseconds that reading, learning and storing took" }),
  },
  { $id: "Updated", description: "what learning further made" },
);

export const JobAccepted = Type.Object(
  {
    job_id: idOf("id of the job"),
    status: Type.String({ description: "always queued" }),
    location: Type.String({ description: "path of the job, such as /api/jobs/ID" }),
  },
  { $id: "JobAccepted", description: "the job that does the work: GET /api/jobs/{id} tells how far it is" },
);
export type JobAccepted = Static<typeof JobAccepted>;

const explain = Type.Optional(
  Type.Boolean({ description: "adds what each column contributed; for a data set, to the 100 rows of highest score only" }),
);

export const PredictRequest = Type.Object(
  {
    detector_id: idOf("the detector that scores"),
    ...given,
    explain,
    keep: Type.Optional(Type.Boolean({ description: "stores the scored rows as a result, as always happens for a data set" })),
    background,
    webhook_url: webhook,
  },
  { ...strict, $id: "PredictRequest", description: "a detector, and the rows to score: data or dataset_id" },
);
export type PredictRequest = Static<typeof PredictRequest>;

/** Fields of requests with a body in Arrow, which has rows only. */
const arrowDetectorId = Type.Optional(idOf("for a body in Arrow: the detector"));
export const ArrowTrainQuery = Type.Object({ detector_id: arrowDetectorId }, strict);
export const ArrowPredictQuery = Type.Object({ detector_id: arrowDetectorId, explain }, strict);

export const Reason = Type.Object(
  {
    column: Type.String({ description: "name of the column" }),
    value: Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()], {
      description: "the row's value in this column, dates as text; null if it is missing",
    }),
    contribution: Type.Number({ description: "what the column added to the score" }),
    missing_share: Type.Number({ description: "share of the training rows that have no value in this column, 0 to 1" }),
    usual: Type.String({ description: "the usual values of this column, in words" }),
    usual_low: Type.Optional(
      Type.Union([Type.Number(), Type.String()], {
        description:
          "lower end of the usual values: the 5 % quantile of the training rows; only for numbers and, as text, for dates",
      }),
    ),
    usual_high: Type.Optional(
      Type.Union([Type.Number(), Type.String()], {
        description:
          "upper end of the usual values: the 95 % quantile of the training rows; only for numbers and, as text, for dates",
      }),
    ),
  },
  { description: "why a row scored as it did: the part of one column" },
);

export const Vote = Type.Object(
  {
    algorithm: Type.String({ description: "the algorithm of the member" }),
    looks_at: Type.String({ description: "what the member looks at, such as neighbours" }),
    is_anomaly: Type.Boolean({ description: "whether the member places the row among the anomalies" }),
    rank: Type.Number({ description: "the row's mid-rank among the member's training scores, 0 to 1" }),
  },
  { description: "what one member of an ensemble says of a row" },
);
const votes = Type.Optional(
  Type.Array(Vote, {
    description: "of a detector that asks several others, such as auto: what each member says; the more agree, the surer",
  }),
);

const judged = {
  anomaly_score: Type.Number({ description: "higher is more anomalous" }),
  is_anomaly: Type.Boolean({ description: "anomaly_score > threshold" }),
  rank: Type.Number({ description: "share of training scores below this score, 0 to 1" }),
};

export const Prediction = Type.Object(
  {
    ...judged,
    reasons: Type.Optional(
      Type.Array(Reason, { description: "only if asked for: one for each column, largest contribution first" }),
    ),
    votes,
  },
  { description: "score, label and rank of one row" },
);

const answered = {
  detector_id: idOf("the detector that scored"),
  model_version: modelVersion,
  threshold,
  n_samples: scoredCount,
};

export const Predicted = Type.Object(
  {
    ...answered,
    n_anomalies: anomalyCount,
    result_id: Type.Optional(idOf("the stored result; only for a data set, and for rows with keep")),
    cached: Type.Boolean({ description: "whether the scores come from an earlier request with the same rows and model" }),
    processing_time_ms: processingMs,
    predictions: Type.Array(Prediction, {
      description: "in the order of the rows; empty for a data set of more than 10,000 rows",
    }),
  },
  { $id: "Predicted", description: "scores, labels and ranks of rows" },
);
export type Predicted = Static<typeof Predicted>;

export const ExplainRequest = Type.Object(
  {
    detector_id: idOf("the detector whose scores are explained"),
    ...given,
    top: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: "number of rows to explain, highest score first" }),
    ),
  },
  { ...strict, $id: "ExplainRequest", description: "a detector, and rows to explain the highest scores of: data or dataset_id" },
);
export type ExplainRequest = Static<typeof ExplainRequest>;

export const Explained = Type.Object(
  {
    ...answered,
    meaning: Type.String({
      description:
        "what the contributions of a row sum to, as one word: sums-to-score, sums-to-score-less-baseline, sums-to-one or substitution",
    }),
    meaning_text: Type.String({ description: "what the contributions of a row sum to, as a sentence" }),
    columns: Type.Array(LearnedColumn, {
      description: "what is usual in each column that the model uses, from the training rows; in no order",
    }),
    rows: Type.Array(
      Type.Object({
        row: Type.Integer({ description: "index of the row among those given, from 0" }),
        ...judged,
        reasons: Type.Array(Reason, { description: "one for each column, largest contribution first" }),
        votes,
      }),
      { description: "the rows of highest score, highest first" },
    ),
    processing_time_ms: processingMs,
  },
  { $id: "Explained", description: "why the rows of highest score scored as they did" },
);

export const EvaluateRequest = Type.Object(
  { detector_id: idOf("the detector to evaluate"), ...given, labels, label_column: labelColumn, anomaly_value: anomalyValue },
  {
    ...strict,
    $id: "EvaluateRequest",
    description: "a detector, rows (data or dataset_id) and their true labels (labels or label_column)",
  },
);
export type EvaluateRequest = Static<typeof EvaluateRequest>;

const figures = {
  roc_auc: Type.Number({ description: "probability that an anomaly scores above a normal row, 0 to 1; 0.5 by chance" }),
  average_precision: Type.Number({
    description: "mean of the precision over the recall, 0 to 1; by chance it is the share of anomalies",
  }),
  precision_at_n: Type.Number({
    description: "share of true anomalies among as many rows of highest score as there are true anomalies, 0 to 1",
  }),
  precision: Type.Number({ description: "share of true anomalies among the rows above the threshold; 0 if none is above" }),
  recall: Type.Number({ description: "share of the true anomalies that are above the threshold" }),
  f1: Type.Number({ description: "harmonic mean of precision and recall at the threshold, 0 to 1" }),
  confusion: Type.Object(
    {
      true_positives: Type.Integer({ description: "anomalies above the threshold" }),
      false_positives: Type.Integer({ description: "normal rows above the threshold" }),
      false_negatives: Type.Integer({ description: "anomalies not above the threshold" }),
      true_negatives: Type.Integer({ description: "normal rows not above the threshold" }),
    },
    { description: "number of rows by true label and by label at the threshold" },
  ),
};

export const Evaluated = Type.Object(
  { ...answered, ...figures, processing_time_ms: processingMs },
  { $id: "Evaluated", description: "how well a detector finds known anomalies" },
);

export const CompareRequest = Type.Object(
  {
    detector_ids: Type.Array(Id, { minItems: 2, maxItems: 20, uniqueItems: true, description: "the detectors, each once" }),
    ...given,
    labels,
    label_column: labelColumn,
    anomaly_value: anomalyValue,
  },
  {
    ...strict,
    $id: "CompareRequest",
    description: "detectors, rows (data or dataset_id) and, if they are known, true labels (labels or label_column)",
  },
);
export type CompareRequest = Static<typeof CompareRequest>;

export const Compared = Type.Object(
  {
    n_samples: Type.Integer({ description: "number of rows that were scored; 0 if all detectors failed" }),
    detectors: Type.Record(
      Type.String(),
      Type.Union([
        Type.Object({
          model_version: modelVersion,
          threshold,
          n_anomalies: anomalyCount,
          figures: Type.Optional(Type.Object(figures, { description: "only with true labels: how well it finds the anomalies" })),
        }),
        problem,
      ]),
      { description: "by detector id: its figures if true labels are given, or its error" },
    ),
    agreement: Type.Array(
      Type.Object({
        first: idOf("one of the detectors"),
        second: idOf("the other one"),
        rank_correlation: nullable(
          Type.Number(),
          "Spearman's, -1 to 1; null if one of the detectors gives all rows the same score",
        ),
        top_overlap: Type.Number({ description: "share of the n_top rows of highest score that both detectors have, 0 to 1" }),
      }),
      { description: "one for each pair of detectors that scored" },
    ),
    n_top: Type.Integer({ description: "number of rows of highest score that top_overlap compares: a tenth of the rows" }),
    note: Type.String({ description: "what these figures cannot tell" }),
    processing_time_ms: processingMs,
  },
  {
    $id: "Compared",
    description: "how alike detectors rank the same rows and, with true labels, how well each finds the anomalies",
  },
);

export const BatchRequest = Type.Object(
  {
    detector_ids: Type.Array(Id, {
      minItems: 1,
      maxItems: 100,
      description: "the detectors that score; one that is named twice scores once",
    }),
    ...given,
    explain,
    background,
    webhook_url: webhook,
  },
  { ...strict, $id: "BatchRequest", description: "detectors, and the rows that each of them scores: data or dataset_id" },
);
export type BatchRequest = Static<typeof BatchRequest>;

export const BatchAnswer = Type.Object(
  {
    results: Type.Record(Type.String(), Type.Union([Type.Ref("Predicted"), problem]), {
      description: "by detector id: its scores, or its error",
    }),
    processing_time_ms: processingMs,
  },
  { $id: "BatchAnswer", description: "scores of the same rows by several detectors" },
);
