/** Schemas of detectors and their model versions. */

import { defaultDetectorId, missingPolicies, scalings, type ThresholdMethodName, thresholdMethods } from "@nomaly/detect";
import { type Static, Type } from "typebox";
import { detectorStatuses } from "../../services/detectors/detector-view.ts";
import { modelOrigins } from "../../services/detectors/versions.ts";
import { Id, idOf, nullable, oneOf, pageOf, PageQuery, StoredError, strict, timeOf } from "./shared.ts";

const methods = Object.keys(thresholdMethods) as readonly ThresholdMethodName[];
/** `iqr (factor), extreme-value (level, risk)` and so on. */
const methodTexts = methods.map((name) => `${name} (${Object.keys(thresholdMethods[name].params).join(", ")})`).join(", ");
const methodText = `one of these, with the parameters in brackets beside it: ${methodTexts}`;

const Name = Type.String({ minLength: 1, maxLength: 200, description: "a name for people, which need not be unique" });
const Contamination = Type.Number({
  exclusiveMinimum: 0,
  maximum: 0.5,
  description:
    "expected share of anomalies among the training rows, which decides the threshold; 0.1 in a new detector; without effect beside options.threshold",
});
const Hyperparameters = Type.Record(
  Type.String({ maxLength: 100 }),
  Type.Union([Type.Number(), Type.String({ maxLength: 100 }), Type.Boolean()]),
  { description: "parameters of the algorithm, as GET /api/algorithms/{id} lists them; those not given have their defaults" },
);
const Status = oneOf(detectorStatuses, {
  description:
    "how far it is. created: not trained yet; training: a training is under way; ready: it has a model; failed: it has none, as its training failed with these settings; disabled: it refuses to score until it is set to ready",
});

/** Options of preparing rows and of the threshold. */
export const DetectorOptions = Type.Object(
  {
    scaling: Type.Optional(
      oneOf(scalings, {
        description:
          "how columns are brought to one scale: standard by mean and standard deviation, robust by median and interquartile range, min-max to 0 to 1; by default standard for algorithms that compare columns, none for the others",
      }),
    ),
    missing: Type.Optional(
      oneOf(missingPolicies, {
        description:
          "what is done with missing values: refuse, the default, makes them an error; median puts the training median in their place; indicator also adds a 0/1 column for each column that has missing values; auto adds one column for all that counts what is unusual",
      }),
    ),
    columns: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 1000 }), {
        minItems: 1,
        maxItems: 10_000,
        description:
          "the columns to use, none other; by default all but those that only name the rows, such as ids, and those without any value",
      }),
    ),
    label_column: Type.Optional(
      Type.String({ minLength: 1, maxLength: 1000, description: "the column of true labels, which training leaves out" }),
    ),
    threshold: Type.Optional(
      Type.Object(
        { method: oneOf(methods, { description: methodText }) },
        {
          additionalProperties: Type.Number(),
          description:
            "how the training decides the threshold: a method, with its parameters beside it; if not given, the contamination decides",
        },
      ),
    ),
    seed: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: Number.MAX_SAFE_INTEGER,
        description: "start of the random numbers: equal seeds and rows give equal models; 1 if not given",
      }),
    ),
  },
  { ...strict, description: "how rows are prepared, and how the threshold is decided" },
);
export type DetectorOptions = Static<typeof DetectorOptions>;

export const NewDetector = Type.Object(
  {
    name: Name,
    algorithm_name: Type.Optional(
      Type.String({
        maxLength: 100,
        default: defaultDetectorId,
        description: "an id of GET /api/algorithms; it cannot be changed later",
      }),
    ),
    hyperparameters: Type.Optional(Hyperparameters),
    contamination: Type.Optional(Contamination),
    options: Type.Optional(DetectorOptions),
  },
  { ...strict, $id: "NewDetector", description: "settings of a detector to create; it is trained by a request of its own" },
);
export type NewDetector = Static<typeof NewDetector>;

export const DetectorChange = Type.Object(
  {
    name: Type.Optional(Name),
    hyperparameters: Type.Optional(
      Type.Unsafe<Static<typeof Hyperparameters>>({
        ...Hyperparameters,
        description: "takes the place of all parameters: those that are not given here have their defaults again",
      }),
    ),
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
    id: idOf("id of the detector"),
    name: Type.String({ description: "a name for people" }),
    algorithm_name: Type.String({ description: "its algorithm, an id of GET /api/algorithms" }),
    hyperparameters: Type.Record(Type.String(), Type.Union([Type.Number(), Type.String(), Type.Boolean()]), {
      description: "parameters of the next training; those that are not here have the algorithm's defaults",
    }),
    contamination: Type.Number({
      description:
        "expected share of anomalies among the rows of the next training, above 0, at most 0.5; threshold_spec has that of the live version",
    }),
    options: Type.Unsafe<DetectorOptions>({
      ...DetectorOptions,
      description: "options of the next training; those that are not here have their defaults",
    }),
    status: Status,
    last_training_error: nullable(
      StoredError,
      "why the last training failed; null if it did not. A model of an earlier training goes on scoring, and the next training that succeeds makes this null",
    ),
    is_fitted: Type.Boolean({ description: "whether it has a model" }),
    threshold: nullable(Type.Number(), "a row with a higher score is anomalous; null before the first training"),
    threshold_spec: nullable(
      Type.Object({ method: oneOf(methods, { description: methodText }) }, { additionalProperties: Type.Number() }),
      "how the live version has its threshold: by its training, or by the method that moved it since, with the parameters beside it; null before the first training",
    ),
    model_version: nullable(Type.Integer(), "number of the live version, which scores; null before the first training"),
    created_at: timeOf("when it was created"),
    updated_at: timeOf("when settings, status or live model last changed"),
  },
  { $id: "Detector", description: "an algorithm with its settings and, once it is trained, a model that scores" },
);
export type Detector = Static<typeof Detector>;

export const DetectorList = pageOf(Detector);
export const DetectorQuery = Type.Object(
  {
    ...PageQuery,
    algorithm_name: Type.Optional(Type.String({ maxLength: 2000, description: "one name, or several with commas between" })),
    status: Type.Optional(oneOf(detectorStatuses, { description: "only detectors of this status" })),
    is_fitted: Type.Optional(Type.Boolean({ description: "only detectors with a model, or only those without" })),
  },
  strict,
);

export const StatusChange = Type.Object(
  {
    ids: Type.Array(Id, { minItems: 1, maxItems: 100_000, description: "ids of the detectors" }),
    status: oneOf(["ready", "disabled"], {
      description:
        "disabled detectors refuse to score; ready ones score again; ready is refused, and nothing changed, if one of the detectors is not trained",
    }),
  },
  { ...strict, description: "a status for many detectors" },
);
export const StatusChanged = Type.Object(
  {
    updated: Type.Integer({ description: "number of detectors whose status was set" }),
    unknown_ids: Type.Array(Id, { description: "those of the ids that no detector has" }),
  },
  { description: "what a change of status did" },
);

export const ModelVersion = Type.Object(
  {
    id: idOf("id of the version"),
    model_version: Type.Integer({ description: "its number: the versions of each detector count from 1" }),
    is_live: Type.Boolean({ description: "whether this version answers requests" }),
    origin: oneOf(modelOrigins, {
      description: "how it was made: by training, from a model file, by learning further, or by another threshold",
    }),
    based_on: nullable(Type.Integer(), "the version that it was made from; null for a trained or imported one"),
    dataset_id: nullable(
      idOf("the data set"),
      "the data set that it learned from; null for rows of a request, for a version that learned from none, and once the data set is removed",
    ),
    job_id: nullable(idOf("the job"), "the job that made it; null if it was made while the client waited"),
    size_bytes: Type.Integer({ description: "bytes of the model file" }),
    checksum: Type.String({ description: "SHA-256 of the model file, in hexadecimal" }),
    training_summary: Type.Record(Type.String(), Type.Unknown(), {
      description:
        "what the model was made of: all parameters, seed, rows, columns used and left out, threshold, and quantiles of the training scores",
    }),
    created_at: timeOf("when it was stored"),
  },
  { $id: "ModelVersion", description: "a stored model of a detector; it never changes" },
);
const VersionNumber = Type.Integer({ minimum: 1, maximum: 999_999_999, description: "number of a version of the detector" });
export const VersionParams = Type.Object({ id: Id, version: VersionNumber }, strict);

export const ThresholdChange = Type.Object(
  {
    method: Type.Optional(
      oneOf(methods, { description: `${methodText}; if not given, fixed where value is given, else contamination` }),
    ),
  },
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
