/** Schemas that others refer to by name: registered once, and shown as components of the description. */

import type { TSchema } from "typebox";
import { BatchRequest, JobAccepted, Predicted, PredictRequest, Trained, TrainRequest } from "./detection.ts";
import { Detector, DetectorChange, NewDetector } from "./detectors.ts";
import { Dataset, NewDataset } from "./datasets.ts";
import { Job } from "./jobs.ts";
import { Result } from "./results.ts";
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
    BatchRequest,
    Result,
    Job,
  ];
}
