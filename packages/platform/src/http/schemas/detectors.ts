/** Schemas of detectors and their model versions. */

import { defaultDetectorId, missingPolicies, scalings, type ThresholdMethodName, thresholdMethods } from "@nomaly/detect";
import { type Static, Type } from "typebox";
import { detectorStatuses } from "../../services/detectors/detector-view.ts";
import { modelOrigins } from "../../services/detectors/versions.ts";
import { Id, nullable, oneOf, pageOf, PageQuery, strict } from "./shared.ts";

const methods = Object.keys(thresholdMethods) as readonly ThresholdMethodName[];

const Name = Type.String({ minLength: 1, maxLength: 200, description: "a name for people, which need not be unique" });
const Contamination = Type.Number({
  exclusiveMinimum: 0,
  maximum: 0.5,
  description: "expected share of anomalies among the training rows",
});
const Hyperparameters = Type.Record(
  Type.String({ maxLength: 100 }),
  Type.Union([Type.Number(), Type.String({ maxLength: 100 }), Type.Boolean()]),
  { description: "parameters of the algorithm, as GET /api/algorithms/{id} lists them" },
);
const Status = oneOf(detectorStatuses);

/** Options of preparing rows and of the threshold. */
export const DetectorOptions = Type.Object(
  {
    scaling: Type.Optional(oneOf(scalings)),
    missing: Type.Optional(oneOf(missingPolicies)),
    columns: Type.Optional(Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), { minItems: 1, maxItems: 10_000 })),
    label_column: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1000, description: "true labels; never used in training" }),
    ),
    threshold: Type.Optional(
      Type.Object(
        { method: oneOf(methods) },
        { additionalProperties: Type.Number(), description: "method of the threshold, with its parameters" },
      ),
    ),
    seed: Type.Optional(Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER })),
  },
  strict,
);
export type DetectorOptions = Static<typeof DetectorOptions>;

export const NewDetector = Type.Object(
  {
    name: Name,
    algorithm_name: Type.Optional(Type.String({ maxLength: 100, default: defaultDetectorId })),
    hyperparameters: Type.Optional(Hyperparameters),
    contamination: Type.Optional(Contamination),
    options: Type.Optional(DetectorOptions),
  },
  { ...strict, $id: "NewDetector" },
);
export type NewDetector = Static<typeof NewDetector>;

export const DetectorChange = Type.Object(
  {
    name: Type.Optional(Name),
    hyperparameters: Type.Optional(Hyperparameters),
    contamination: Type.Optional(Contamination),
    options: Type.Optional(
      Type.Unsafe<DetectorOptions>({
        ...DetectorOptions,
        description: "takes the place of all options: those that are not given here have their defaults again",
      }),
    ),
  },
  { ...strict, minProperties: 1, $id: "DetectorChange", description: "a change takes effect with the next training" },
);
export type DetectorChange = Static<typeof DetectorChange>;

export const Detector = Type.Object(
  {
    id: Id,
    name: Type.String(),
    algorithm_name: Type.String(),
    hyperparameters: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()])),
    contamination: Type.Number(),
    options: DetectorOptions,
    status: Status,
    is_fitted: Type.Boolean(),
    threshold: Type.Union([Type.Number(), Type.Null()], { description: "a row with a higher score is anomalous" }),
    model_version: nullable(Type.Integer()),
    created_at: Type.String({ format: "date-time" }),
    updated_at: Type.String({ format: "date-time" }),
  },
  { $id: "Detector" },
);
export type Detector = Static<typeof Detector>;

export const DetectorList = pageOf(Detector);
export const DetectorQuery = Type.Object(
  {
    ...PageQuery,
    algorithm_name: Type.Optional(Type.String({ maxLength: 2000, description: "one name, or several with commas between" })),
    status: Type.Optional(Status),
    is_fitted: Type.Optional(Type.Boolean()),
  },
  strict,
);

export const StatusChange = Type.Object(
  {
    ids: Type.Array(Id, { minItems: 1, maxItems: 100_000 }),
    status: oneOf(["ready", "disabled"], { description: "a disabled detector refuses to predict" }),
  },
  strict,
);
export const StatusChanged = Type.Object({
  updated: Type.Integer(),
  unknown_ids: Type.Array(Id),
});

export const ModelVersion = Type.Object(
  {
    id: Id,
    model_version: Type.Integer(),
    is_live: Type.Boolean({ description: "whether this version answers requests" }),
    origin: oneOf(modelOrigins, {
      description: "how it was made: by training, from a model file, by learning further, or by another threshold",
    }),
    based_on: Type.Union([Type.Integer(), Type.Null()], { description: "the version that it was made from" }),
    dataset_id: nullable(Id),
    job_id: nullable(Id),
    size_bytes: Type.Integer(),
    checksum: Type.String({ description: "SHA-256 of the model file, in hexadecimal" }),
    training_summary: Type.Record(Type.String(), Type.Unknown()),
    created_at: Type.String({ format: "date-time" }),
  },
  { $id: "ModelVersion" },
);
const VersionNumber = Type.Integer({ minimum: 1, maximum: 999_999_999 });
export const VersionParams = Type.Object({ id: Id, version: VersionNumber }, strict);

export const ThresholdChange = Type.Object(
  { method: Type.Optional(oneOf(methods)) },
  {
    additionalProperties: Type.Number(),
    minProperties: 1,
    $id: "ThresholdChange",
    description: "a score as `value`, a share of anomalies as `contamination`, or another method with its parameters",
  },
);
export type ThresholdChange = Static<typeof ThresholdChange>;

export const ImportQuery = Type.Object({ name: Name }, strict);
export const ModelQuery = Type.Object(
  { version: Type.Optional(Type.Integer({ ...VersionNumber, description: "default: the live one" })) },
  strict,
);
export const ModelVersionList = pageOf(ModelVersion);
