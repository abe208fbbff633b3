import type { Static, TSchema } from "typebox";
import { expectTypeOf, it } from "vitest";
import type { EncodedReason } from "../report/encode-reason.ts";
import type * as datasets from "../http/schemas/datasets.ts";
import type * as detection from "../http/schemas/detection.ts";
import type * as detectors from "../http/schemas/detectors.ts";
import type { AuditEntry as AuditEntrySchema } from "../http/schemas/audit.ts";
import type { Job as JobSchema } from "../http/schemas/jobs.ts";
import type { Result as ResultSchema } from "../http/schemas/results.ts";
import type { Problem as ProblemSchema, Rows as RowsSchema } from "../http/schemas/shared.ts";
import type * as api from "./index.ts";

/** The form of the client's types: read only, and optional members may be undefined. */
type Shown<Value> = Value extends readonly (infer Item)[]
  ? readonly Shown<Item>[]
  : Value extends object
    ? { readonly [Name in keyof Value]: Shown<Value[Name]> | (object extends Pick<Value, Name> ? undefined : never) }
    : Value;

type Of<Schema extends TSchema> = Shown<Static<Schema>>;

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false;

/** A `false` shows which type differs. */
interface Checks {
  readonly Rows: Same<api.Rows, Of<typeof RowsSchema>>;
  readonly Problem: Same<api.Problem, Of<typeof ProblemSchema>>;
  readonly NewDataset: Same<api.NewDataset, Of<typeof datasets.NewDataset>>;
  readonly Dataset: Same<api.Dataset, Of<typeof datasets.Dataset>>;
  readonly DatasetRows: Same<api.DatasetRows, Of<typeof datasets.DatasetRows>>;
  readonly DatasetProfile: Same<api.DatasetProfile, Of<typeof datasets.DatasetProfile>>;
  readonly NewDetector: Same<api.NewDetector, Of<typeof detectors.NewDetector>>;
  readonly Detector: Same<api.Detector, Of<typeof detectors.Detector>>;
  readonly ModelVersion: Same<api.ModelVersion, Of<typeof detectors.ModelVersion>>;
  readonly StatusChange: Same<api.StatusChange, Of<typeof detectors.StatusChange>>;
  readonly TrainRequest: Same<api.TrainRequest, Of<typeof detection.TrainRequest>>;
  readonly Trained: Same<api.Trained, Of<typeof detection.Trained>>;
  readonly PredictRequest: Same<api.PredictRequest, Of<typeof detection.PredictRequest>>;
  readonly Predicted: Same<api.Predicted, Of<typeof detection.Predicted>>;
  readonly Reason: Same<api.Reason, Of<typeof detection.Reason>>;
  readonly EncodedReason: Same<Shown<EncodedReason>, Of<typeof detection.Reason>>;
  readonly ExplainRequest: Same<api.ExplainRequest, Of<typeof detection.ExplainRequest>>;
  readonly Explained: Same<api.Explained, Of<typeof detection.Explained>>;
  readonly EvaluateRequest: Same<api.EvaluateRequest, Of<typeof detection.EvaluateRequest>>;
  readonly Evaluated: Same<api.Evaluated, Of<typeof detection.Evaluated>>;
  readonly CompareRequest: Same<api.CompareRequest, Of<typeof detection.CompareRequest>>;
  readonly BatchRequest: Same<api.BatchRequest, Of<typeof detection.BatchRequest>>;
  readonly Result: Same<api.Result, Of<typeof ResultSchema>>;
  readonly Job: Same<api.Job, Of<typeof JobSchema>>;
  readonly AuditEntry: Same<api.AuditEntry, Of<typeof AuditEntrySchema>>;
}

it("the written types of the client are those that the service checks", () => {
  expectTypeOf<Checks[keyof Checks]>().toEqualTypeOf<true>();
});
