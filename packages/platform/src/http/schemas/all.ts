/** Schemas that others refer to by name: registered once, and shown as components of the description. */

import type { TSchema } from "typebox";
import {
  BatchAnswer,
  BatchRequest,
  Compared,
  CompareRequest,
  Evaluated,
  EvaluateRequest,
  Explained,
  ExplainRequest,
  JobAccepted,
  Predicted,
  PredictRequest,
  Trained,
  TrainRequest,
} from "./detection.ts";
import { Detector, DetectorChange, ModelVersion, NewDetector } from "./detectors.ts";
import { Dataset, NewDataset } from "./datasets.ts";
import { Job } from "./jobs.ts";
import { Result } from "./results.ts";
import { AuditEntry } from "./audit.ts";
import { Problem } from "./shared.ts";

export function sharedSchemas(): readonly TSchema[] {
  return [
    Problem,
    Dataset,
    NewDataset,
    Detector,
    NewDetector,
    DetectorChange,
    TrainRequest,
    Trained,
    JobAccepted,
    PredictRequest,
    Predicted,
    ExplainRequest,
    Explained,
    EvaluateRequest,
    Evaluated,
    CompareRequest,
    Compared,
    BatchRequest,
    BatchAnswer,
    Result,
    ModelVersion,
    AuditEntry,
    Job,
  ];
}
