/** Schemas of training, scoring, explaining, evaluating and comparing. */

import { type Static, Type } from "typebox";
import { ColumnNames, Id, Rows, strict } from "./shared.ts";

/** The rows to train on or to score: rows in the request, or a stored data set. */
const given = {
  dataset_id: Type.Optional(Id),
  data: Type.Optional(Rows),
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
const anomalyValue = Type.Optional(
  Type.Union([Type.String({ minLength: 1, maxLength: 1000 }), Type.Number(), Type.Boolean()], {
    description:
      "the value of anomalous rows in label_column, whose other value is then normal; without it 1, true, yes, anomaly and the like are anomalous, " +
      "0, false, no, normal and the like are not",
    examples: ["malignant"],
  }),
);
const DetectorIds = Type.Array(Id, { minItems: 1, maxItems: 100 });

export const TrainRequest = Type.Object(
  { detector_id: Id, ...given, background, webhook_url: webhook },
  { ...strict, $id: "TrainRequest" },
);
export type TrainRequest = Static<typeof TrainRequest>;

export const SkippedColumn = Type.Object({ name: Type.String(), reason: Type.String() });

export const Trained = Type.Object(
  {
    detector_id: Id,
    model_version: Type.Integer(),
    algorithm_name: Type.String(),
    threshold: Type.Number(),
    n_samples: Type.Integer(),
    n_features: Type.Integer(),
    columns: Type.Array(Type.String()),
    skipped_columns: Type.Array(SkippedColumn),
    training_time_ms: Type.Number(),
  },
  { $id: "Trained" },
);
export type Trained = Static<typeof Trained>;

export const UpdateRequest = Type.Object(
  { detector_id: Id, ...given, background, webhook_url: webhook },
  { ...strict, $id: "UpdateRequest", description: "the rows to learn further from, in their order" },
);
export type UpdateRequest = Static<typeof UpdateRequest>;

export const Updated = Type.Object(
  {
    detector_id: Id,
    model_version: Type.Integer(),
    based_on: Type.Integer({ description: "the version that learned further" }),
    algorithm_name: Type.String(),
    threshold: Type.Number({ description: "as before: scores of new rows do not move it" }),
    n_samples: Type.Integer({ description: "rows learned from" }),
    update_time_ms: Type.Number(),
  },
  { $id: "Updated" },
);

export const JobAccepted = Type.Object({ job_id: Id, status: Type.String(), location: Type.String() }, { $id: "JobAccepted" });
export type JobAccepted = Static<typeof JobAccepted>;

const explain = Type.Optional(
  Type.Boolean({ description: "adds what each column contributed; for a data set, to the 100 rows of highest score only" }),
);

export const PredictRequest = Type.Object(
  {
    detector_id: Id,
    ...given,
    explain,
    keep: Type.Optional(Type.Boolean({ description: "stores the scored rows as a result, as always happens for a data set" })),
    background,
    webhook_url: webhook,
  },
  { ...strict, $id: "PredictRequest" },
);
export type PredictRequest = Static<typeof PredictRequest>;

/** Fields of requests with a body in Arrow, which has rows only. */
export const ArrowTrainQuery = Type.Object({ detector_id: Type.Optional(Id) }, strict);
export const ArrowPredictQuery = Type.Object({ detector_id: Type.Optional(Id), explain: Type.Optional(Type.Boolean()) }, strict);

export const Reason = Type.Object({
  column: Type.String(),
  value: Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
  contribution: Type.Number({ description: "what the column added to the score" }),
  missing_share: Type.Number({ description: "share of the training rows that have no value in this column, 0 to 1" }),
  usual: Type.String({ description: "the usual values of this column, in words" }),
  usual_low: Type.Optional(Type.Union([Type.Number(), Type.String()])),
  usual_high: Type.Optional(Type.Union([Type.Number(), Type.String()])),
});

const judged = {
  anomaly_score: Type.Number({ description: "higher is more anomalous" }),
  is_anomaly: Type.Boolean({ description: "anomaly_score > threshold" }),
  rank: Type.Number({ description: "share of training scores below this score, 0 to 1" }),
};

export const Prediction = Type.Object({
  ...judged,
  reasons: Type.Optional(Type.Array(Reason, { description: "largest contribution first" })),
});

const answered = {
  detector_id: Id,
  model_version: Type.Integer(),
  threshold: Type.Number(),
  n_samples: Type.Integer(),
};

export const Predicted = Type.Object(
  {
    ...answered,
    n_anomalies: Type.Integer(),
    result_id: Type.Optional(Id),
    cached: Type.Boolean(),
    processing_time_ms: Type.Number(),
    predictions: Type.Array(Prediction, {
      description: "in the order of the rows; empty for a data set of more than 10,000 rows",
    }),
  },
  { $id: "Predicted" },
);
export type Predicted = Static<typeof Predicted>;

export const ExplainRequest = Type.Object(
  {
    detector_id: Id,
    ...given,
    top: Type.Optional(
      Type.Integer({ minimum: 1, maximum: 1000, default: 10, description: "number of rows to explain, highest score first" }),
    ),
  },
  { ...strict, $id: "ExplainRequest" },
);
export type ExplainRequest = Static<typeof ExplainRequest>;

export const Explained = Type.Object(
  {
    ...answered,
    meaning: Type.String({ description: "what the contributions of a row sum to, as one word" }),
    meaning_text: Type.String({ description: "what the contributions of a row sum to, as a sentence" }),
    rows: Type.Array(
      Type.Object({
        row: Type.Integer({ description: "index of the row in the request, from 0" }),
        ...judged,
        reasons: Type.Array(Reason),
      }),
    ),
    processing_time_ms: Type.Number(),
  },
  { $id: "Explained" },
);

export const EvaluateRequest = Type.Object(
  { detector_id: Id, ...given, labels, label_column: labelColumn, anomaly_value: anomalyValue },
  { ...strict, $id: "EvaluateRequest", description: "needs true labels: labels or label_column" },
);
export type EvaluateRequest = Static<typeof EvaluateRequest>;

const figures = {
  roc_auc: Type.Number({ description: "probability that an anomaly scores above a normal row" }),
  average_precision: Type.Number(),
  precision_at_n: Type.Number({ description: "precision among as many rows of highest score as there are true anomalies" }),
  precision: Type.Number(),
  recall: Type.Number(),
  f1: Type.Number({ description: "at the threshold, like precision, recall and confusion" }),
  confusion: Type.Object({
    true_positives: Type.Integer(),
    false_positives: Type.Integer(),
    false_negatives: Type.Integer(),
    true_negatives: Type.Integer(),
  }),
};

export const Evaluated = Type.Object({ ...answered, ...figures, processing_time_ms: Type.Number() }, { $id: "Evaluated" });

export const CompareRequest = Type.Object(
  {
    detector_ids: Type.Array(Id, { minItems: 2, maxItems: 20, uniqueItems: true }),
    ...given,
    labels,
    label_column: labelColumn,
    anomaly_value: anomalyValue,
  },
  { ...strict, $id: "CompareRequest" },
);
export type CompareRequest = Static<typeof CompareRequest>;

export const Compared = Type.Object(
  {
    n_samples: Type.Integer(),
    detectors: Type.Record(
      Type.String(),
      Type.Union([
        Type.Object({
          model_version: Type.Integer(),
          threshold: Type.Number(),
          n_anomalies: Type.Integer(),
          figures: Type.Optional(Type.Object(figures)),
        }),
        Type.Object({ error: Type.Ref("Problem") }),
      ]),
      { description: "by detector id: its figures if true labels are given, or its error" },
    ),
    agreement: Type.Array(
      Type.Object({
        first: Id,
        second: Id,
        rank_correlation: Type.Union([Type.Number(), Type.Null()], {
          description: "Spearman's, -1 to 1; null if one of the detectors gives all rows the same score",
        }),
        top_overlap: Type.Number({ description: "share of the n_top rows of highest score that both detectors have, 0 to 1" }),
      }),
    ),
    n_top: Type.Integer({ description: "number of rows of highest score that top_overlap compares: a tenth of the rows" }),
    note: Type.String({ description: "what these figures cannot tell" }),
    processing_time_ms: Type.Number(),
  },
  { $id: "Compared" },
);

export const BatchRequest = Type.Object(
  { detector_ids: DetectorIds, ...given, explain, background, webhook_url: webhook },
  { ...strict, $id: "BatchRequest" },
);
export type BatchRequest = Static<typeof BatchRequest>;

export const BatchAnswer = Type.Object(
  {
    results: Type.Record(Type.String(), Type.Union([Type.Ref("Predicted"), Type.Object({ error: Type.Ref("Problem") })]), {
      description: "by detector id: its scores, or its error",
    }),
    processing_time_ms: Type.Number(),
  },
  { $id: "BatchAnswer" },
);
