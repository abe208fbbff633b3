import { type Static, Type } from "typebox";
import { ColumnNames, Id, Rows, strict } from "./shared.ts";

/** What is scored or learnt from: rows in the request, or a stored data set. */
const given = {
  dataset_id: Type.Optional(Id),
  data: Type.Optional(Rows),
  columns: Type.Optional(ColumnNames),
};

const Background = Type.Optional(
  Type.Boolean({ description: "true answers 202 with a job at once; without it only large inputs become jobs" }),
);
const Webhook = Type.Optional(
  Type.String({
    format: "uri",
    maxLength: 2000,
    description: "told by POST when the job has ended; its host must be allowed by the operator",
  }),
);

export const TrainRequest = Type.Object(
  { detector_id: Id, ...given, background: Background, webhook_url: Webhook },
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

export const JobAccepted = Type.Object({ job_id: Id, status: Type.String(), location: Type.String() }, { $id: "JobAccepted" });
export type JobAccepted = Static<typeof JobAccepted>;

export const PredictRequest = Type.Object(
  {
    detector_id: Id,
    ...given,
    explain: Type.Optional(Type.Boolean({ description: "adds what each column contributed" })),
    keep: Type.Optional(Type.Boolean({ description: "stores the scored rows as a result" })),
    background: Background,
    webhook_url: Webhook,
  },
  { ...strict, $id: "PredictRequest" },
);
export type PredictRequest = Static<typeof PredictRequest>;

export const Reason = Type.Object({
  column: Type.String(),
  contribution: Type.Number({ description: "what the column added to the score" }),
  value: Type.Union([Type.Number(), Type.String(), Type.Boolean(), Type.Null()]),
  usual: Type.Optional(Type.String({ description: "what is usual in this column" })),
});

export const Prediction = Type.Object({
  anomaly_score: Type.Number({ description: "higher is more anomalous" }),
  is_anomaly: Type.Boolean({ description: "anomaly_score > threshold" }),
  rank: Type.Number({ description: "share of training scores below this one, 0 to 1" }),
  reasons: Type.Optional(Type.Array(Reason, { description: "the largest contribution first" })),
});

export const Predicted = Type.Object(
  {
    detector_id: Id,
    model_version: Type.Integer(),
    threshold: Type.Number(),
    n_samples: Type.Integer(),
    n_anomalies: Type.Integer(),
    result_id: Type.Optional(Id),
    cached: Type.Boolean(),
    processing_time_ms: Type.Number(),
    predictions: Type.Array(Prediction),
  },
  { $id: "Predicted" },
);
export type Predicted = Static<typeof Predicted>;

const DetectorIds = Type.Array(Id, { minItems: 1, maxItems: 100 });

export const BatchRequest = Type.Object({ detector_ids: DetectorIds, ...given }, { ...strict, $id: "BatchRequest" });
export type BatchRequest = Static<typeof BatchRequest>;

export const BatchAnswer = Type.Object(
  {
    results: Type.Record(Type.String(), Type.Union([Type.Ref("Predicted"), Type.Object({ error: Type.Ref("Problem") })]), {
      description: "by detector id: what it found, or why it could not",
    }),
    processing_time_ms: Type.Number(),
  },
  { $id: "BatchAnswer" },
);
