/** Calls that train detectors, score rows, and explain, evaluate and compare detectors. */

import type {
  BatchAnswer,
  BatchRequest,
  Compared,
  CompareRequest,
  Evaluated,
  EvaluateRequest,
  Explained,
  ExplainRequest,
  Predicted,
  PredictRequest,
} from "./detection-types.ts";
import type { JobAccepted, Trained, TrainRequest, Updated, UpdateRequest } from "./learning-types.ts";
import { ServiceError } from "./service-error.ts";
import type { Rows } from "./stored-types.ts";
import { type CallOptions, json, type OwnBytes, type Transport } from "./transport.ts";

/** A request whose rows may also be one array of numbers, row after row, as long as `columns`. NaN is a missing value. */
export type Given<Request> = Omit<Request, "data"> & {
  /** The rows themselves; instead of `dataset_id`. */
  readonly data?: Rows | Float64Array | undefined;
};
/** A request with rows, which the service answers at once. */
export type WithRows<Request> = Given<Request> & {
  /** The rows themselves. */
  readonly data: Rows | Float64Array;
};
/** A request on a data set for which the service makes a job, however small the data set is. */
export type InBackground<Request> = Request & {
  /** Asks for a job. */
  readonly background: true;
};

/** Calls that train detectors, score rows, and explain, evaluate and compare detectors. */
export interface Detection {
  /** Trains a detector on rows, and makes the new model its live version. */
  train(request: WithRows<TrainRequest>, options?: CallOptions): Promise<Trained>;
  /** A job trains: `jobs.wait` waits for it. */
  train(request: InBackground<TrainRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** A job trains on a large data set: `isJob` recognises that answer, `jobs.wait` waits for the job. */
  train(request: TrainRequest, options?: CallOptions): Promise<Trained | JobAccepted>;

  /** Learns further, for detectors that can: a new version has learned from these rows, in their order. */
  update(request: WithRows<UpdateRequest>, options?: CallOptions): Promise<Updated>;
  /** A job learns: `jobs.wait` waits for it. */
  update(request: InBackground<UpdateRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** A job learns from a large data set. */
  update(request: UpdateRequest, options?: CallOptions): Promise<Updated | JobAccepted>;

  /** Scores rows: each gets a score (higher is more anomalous), a label (score above the threshold) and a rank. */
  predict(request: WithRows<PredictRequest>, options?: CallOptions): Promise<Predicted>;
  /** A job scores: when it has succeeded, its `result` names the stored result as `result_id`. */
  predict(request: InBackground<PredictRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** The service stores the scored rows of a data set as the result `result_id`. */
  predict(request: PredictRequest, options?: CallOptions): Promise<Predicted | JobAccepted>;

  /** Explains the rows of highest score. */
  explain(request: Given<ExplainRequest>, options?: CallOptions): Promise<Explained>;
  /** Measures a detector against known anomalies. */
  evaluate(request: Given<EvaluateRequest>, options?: CallOptions): Promise<Evaluated>;
  /** Tells how alike detectors rank the same rows and, with true labels, how well each finds the anomalies. */
  compare(request: Given<CompareRequest>, options?: CallOptions): Promise<Compared>;

  /** Scores the same rows with many detectors; each has its scores, or its error, in the answer. */
  batch(request: WithRows<BatchRequest>, options?: CallOptions): Promise<BatchAnswer>;
  /** A job scores: when it has succeeded, its `result` has the stored result of each detector. */
  batch(request: InBackground<BatchRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** A job scores a large data set. The service stores the scored rows of a data set as a result for each detector. */
  batch(request: BatchRequest, options?: CallOptions): Promise<BatchAnswer | JobAccepted>;

  /** Trains on the rows of an Arrow IPC stream. */
  trainArrow(request: ArrowRequest, options?: CallOptions): Promise<Trained>;
  /** Scores the rows of an Arrow IPC stream; the answer is such a stream, too. */
  predictArrow(request: ArrowRequest, options?: CallOptions): Promise<ArrowPredicted>;
}

/** A detector, and rows as an Arrow IPC stream. */
export interface ArrowRequest {
  /** The detector to train or to score with. */
  readonly detector_id: string;
  /** An Arrow IPC stream, such as `tableToIPC(table, "stream")` of the package apache-arrow makes. */
  readonly data: OwnBytes | Blob;
}

/** Scores, labels and ranks as an Arrow IPC stream. */
export interface ArrowPredicted {
  /** Number of the model version that scored. */
  readonly model_version: number;
  /** A row with a higher score is anomalous. */
  readonly threshold: number;
  /** Number of rows above the threshold. */
  readonly n_anomalies: number;
  /** An Arrow IPC stream with the columns anomaly_score, is_anomaly and rank, in the order of the rows. */
  readonly data: Uint8Array;
}

/** Whether the answer to `train`, `update`, `predict` or `batch` is a job, which works on in the background. */
export function isJob(answer: object): answer is JobAccepted {
  return "job_id" in answer;
}

interface Body {
  readonly dataset_id?: string | undefined;
  readonly data?: Rows | Float64Array | undefined;
  readonly columns?: readonly string[] | undefined;
  readonly keep?: boolean | undefined;
}

export function detectionOf({ call }: Transport): Detection {
  // The overloads of `Detection` give the type of each answer, which the service chooses by the same fields.
  const ask =
    (path: string, changes: (request: Body) => boolean) =>
    async (request: Body, options?: CallOptions): Promise<never> =>
      call(
        { route: `POST /api/detection/${path}`, json: bodyOf(request), isChange: changes(request) },
        json<unknown>,
        options,
      ) as Promise<never>;
  const stores = ({ dataset_id: datasetId, keep = false }: Body) => datasetId !== undefined || keep;
  const never = () => false;
  return {
    train: ask("train", () => true),
    update: ask("update", () => true),
    predict: ask("predict", stores),
    batch: ask("batch", stores),
    explain: ask("explain", never),
    evaluate: ask("evaluate", never),
    compare: ask("compare", never),
    trainArrow: (request, options) => call({ ...arrowOf("train", request), isChange: true }, json<Trained>, options),
    predictArrow: (request, options) => {
      const asked = arrowOf("predict", request);
      return call({ ...asked, headers: { ...asked.headers, accept: arrowMediaType } }, arrowPredicted, options);
    },
  };
}

const arrowMediaType = "application/vnd.apache.arrow.stream";

function arrowOf(path: string, { detector_id, data }: ArrowRequest) {
  return {
    route: `POST /api/detection/${path}`,
    query: { detector_id },
    headers: { "content-type": arrowMediaType },
    body: data,
  };
}

async function arrowPredicted(response: Response): Promise<ArrowPredicted> {
  const numberOf = (name: string) => Number(response.headers.get(`nomaly-${name}`));
  return {
    model_version: numberOf("model-version"),
    threshold: numberOf("threshold"),
    n_anomalies: numberOf("anomalies"),
    data: new Uint8Array(await response.arrayBuffer()),
  };
}

function bodyOf(request: Body): object {
  const { data, columns = [] } = request;
  return data instanceof Float64Array ? { ...request, data: rowsOf(data, columns.length) } : request;
}

function rowsOf(values: Float64Array, columnCount: number): readonly (readonly number[])[] {
  if (columnCount === 0 || values.length % columnCount !== 0) {
    const detail = `${values.length} numbers do not make rows of ${columnCount} columns: name each column of a row in columns`;
    throw new ServiceError({ code: "SHAPE", status: 0, field: "columns", detail });
  }
  return Array.from({ length: values.length / columnCount }, (_, row) => [
    ...values.subarray(row * columnCount, (row + 1) * columnCount),
  ]);
}
