/**
 * The typed client of the service, for Node 22 and browsers, without dependencies. Its types are those of the HTTP API, so their
 * names have underscores. The client retries every call: it sends changes under an idempotency key, so that the service makes them once.
 */

import { type AlertCalls, alertsOf } from "./alerting/alerts.ts";
import { type Algorithms, algorithmsOf } from "./algorithms.ts";
import { type Audit, auditOf } from "./audit.ts";
import { type Datasets, datasetsOf } from "./datasets.ts";
import { type Detection, detectionOf } from "./detection.ts";
import { type Detectors, detectorsOf } from "./detectors.ts";
import { type Health, healthOf } from "./health.ts";
import { type Jobs, jobsOf } from "./jobs.ts";
import { type Performance, performanceOf } from "./performance.ts";
import { type Results, resultsOf } from "./results.ts";
import { type Schedules, schedulesOf, type UsageCall, usageOf } from "./schedules.ts";
import { type ClientOptions, createTransport } from "./transport.ts";

export type { AlertCalls } from "./alerting/alerts.ts";
export type * from "./alerting/alert-types.ts";
export type { Algorithm, AlgorithmParameter, Algorithms } from "./algorithms.ts";
export type { Audit } from "./audit.ts";
export type { Datasets, RowsOptions, UploadOptions } from "./datasets.ts";
export { type ArrowPredicted, type ArrowRequest, type Detection, type Given, isJob } from "./detection.ts";
export type * from "./detection-types.ts";
export type * from "./learning-types.ts";
export type { ChangeOptions, DetectorFilter, Detectors, ModelBytes, ModelFile, TaggedDetector } from "./detectors.ts";
export type { Health } from "./health.ts";
export type { JobFilter, Jobs, WaitOptions } from "./jobs.ts";
export type { ListOptions } from "./pages.ts";
export type { Performance } from "./performance.ts";
export type { FileOptions, ResultFilter, ResultFormat, Results } from "./results.ts";
export type { Schedules } from "./schedules.ts";
export { ServiceError } from "./service-error.ts";
export type * from "./performance-types.ts";
export type * from "./stored-types.ts";
export type * from "./upkeep-types.ts";
export type { CallOptions, ClientOptions, OwnBytes } from "./transport.ts";

/** The calls of the service, grouped by what they are about; those that train and score stand on the client itself. */
export interface Client extends Detection {
  /** Stores, reads and removes data sets. */
  readonly datasets: Datasets;
  /** Creates, reads, changes and removes detectors and their models. */
  readonly detectors: Detectors;
  /** Lists, follows, waits for and cancels jobs. */
  readonly jobs: Jobs;
  /** Reads and removes stored results. */
  readonly results: Results;
  /** Lists the algorithms that detectors can use. */
  readonly algorithms: Algorithms;
  /** Checks the health of the service. */
  readonly health: Health;
  /** Tells how the service does, live or as a report. */
  readonly performance: Performance;
  /** Tells which alerts fire, and has their rules. */
  readonly alerts: AlertCalls;
  /** Lists who changed what. */
  readonly audit: Audit;
  /** Trains detectors and scores data sets again and again. */
  readonly schedules: Schedules;
  /** Tells what is stored, and how much may be. */
  readonly usage: UsageCall;
}

/**
 * Makes a client of the service at `url`. It sends nothing before the first call, and holds nothing that must be closed.
 * @throws TypeError when `url` is no address.
 */
export function createClient(options: ClientOptions): Client {
  const transport = createTransport(options);
  return {
    ...detectionOf(transport),
    datasets: datasetsOf(transport),
    detectors: detectorsOf(transport),
    jobs: jobsOf(transport),
    results: resultsOf(transport),
    algorithms: algorithmsOf(transport),
    health: healthOf(transport),
    performance: performanceOf(transport),
    alerts: alertsOf(transport),
    audit: auditOf(transport),
    schedules: schedulesOf(transport),
    usage: usageOf(transport),
  };
}
