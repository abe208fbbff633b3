/** Lists the schemas that others refer to by name; the description shows them as components. */

import type { TSchema } from "typebox";
import * as alerts from "./alerts.ts";
import * as detection from "./detection.ts";
import { Detector, DetectorChange, ModelVersion, NewDetector, ThresholdChange } from "./detectors.ts";
import { Dataset, NewDataset } from "./datasets.ts";
import { Job } from "./jobs.ts";
import { Result } from "./results.ts";
import { AuditEntry } from "./audit.ts";
import { NewSchedule, Schedule, ScheduleChange } from "./schedules.ts";
import { DatabaseCondition, Diagnosis, SlowQueries } from "./doctor.ts";
import { PerformanceHistory, PerformanceMetrics, PerformanceReport, PerformanceSample } from "./performance.ts";
import { Usage } from "./usage.ts";
import { Problem } from "./shared.ts";

export function sharedSchemas(): readonly TSchema[] {
  return [
    Problem,
    Dataset,
    NewDataset,
    Detector,
    NewDetector,
    DetectorChange,
    ThresholdChange,
    detection.TrainRequest,
    detection.Trained,
    detection.UpdateRequest,
    detection.Updated,
    detection.JobAccepted,
    detection.PredictRequest,
    detection.Predicted,
    detection.ExplainRequest,
    detection.Explained,
    detection.EvaluateRequest,
    detection.Evaluated,
    detection.CompareRequest,
    detection.Compared,
    detection.BatchRequest,
    detection.BatchAnswer,
    Result,
    ModelVersion,
    AuditEntry,
    Job,
    Usage,
    PerformanceSample,
    PerformanceMetrics,
    PerformanceReport,
    PerformanceHistory,
    alerts.NewAlertRule,
    alerts.AlertRuleChange,
    alerts.AlertSilence,
    alerts.AlertRule,
    alerts.AlertRuleList,
    alerts.Alerts,
    alerts.AlertEvent,
    alerts.AlertTest,
    Diagnosis,
    SlowQueries,
    DatabaseCondition,
    NewSchedule,
    ScheduleChange,
    Schedule,
  ];
}
