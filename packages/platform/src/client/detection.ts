/** Training, and asking detectors about rows. */

import type {
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
} from "./detection-types.ts";
import { ServiceError } from "./service-error.ts";
import type { Rows } from "./stored-types.ts";
import { type CallOptions, json, type Transport } from "./transport.ts";

/** Rows may be one array of numbers as well, row after row, with `columns` to say how many stand in a row. NaN is a missing value. */
export type Given<Request> = Omit<Request, "data"> & { readonly data?: Rows | Float64Array | undefined };
/** Rows in the request are answered at once. */
export type WithRows<Request> = Given<Request> & { readonly data: Rows | Float64Array };
export type InBackground<Request> = Request & { readonly background: true };

export interface Detection {
  train(request: WithRows<TrainRequest>, options?: CallOptions): Promise<Trained>;
  train(request: InBackground<TrainRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** A large data set is learned from by a job, which `isJob` tells apart and `jobs.wait` waits for. */
  train(request: TrainRequest, options?: CallOptions): Promise<Trained | JobAccepted>;

  predict(request: WithRows<PredictRequest>, options?: CallOptions): Promise<Predicted>;
  predict(request: InBackground<PredictRequest>, options?: CallOptions): Promise<JobAccepted>;
  /** The scored rows of a data set are stored as the result `result_id`. */
  predict(request: PredictRequest, options?: CallOptions): Promise<Predicted | JobAccepted>;

  /** Why the rows of highest score got it. */
  explain(request: Given<ExplainRequest>, options?: CallOptions): Promise<Explained>;
  /** Against known anomalies. */
  evaluate(request: Given<EvaluateRequest>, options?: CallOptions): Promise<Evaluated>;
  compare(request: Given<CompareRequest>, options?: CallOptions): Promise<Compared>;

  /** Many detectors on the same rows: each with what it found, or why it could not. */
  batch(request: WithRows<BatchRequest>, options?: CallOptions): Promise<BatchAnswer>;
  batch(request: InBackground<BatchRequest>, options?: CallOptions): Promise<JobAccepted>;
  batch(request: BatchRequest, options?: CallOptions): Promise<BatchAnswer | JobAccepted>;

  /** Learns from the rows of an Arrow IPC stream. */
  trainArrow(request: ArrowRequest, options?: CallOptions): Promise<Trained>;
  /** Scores the rows of an Arrow IPC stream; the scores come as one, too. */
  predictArrow(request: ArrowRequest, options?: CallOptions): Promise<ArrowPredicted>;
}

export interface ArrowRequest {
  readonly detector_id: string;
  /** An Arrow IPC stream, as `tableToIPC(table, "stream")` of the package apache-arrow gives. */
  readonly data: Uint8Array<ArrayBuffer> | Blob;
}

export interface ArrowPredicted {
  readonly model_version: number;
  readonly threshold: number;
  readonly n_anomalies: number;
  /** An Arrow IPC stream of anomaly_score, is_anomaly and rank, in the order of the rows. */
  readonly data: Uint8Array;
}

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
  // The overloads tell which answer comes to which request; the service decides by the same fields.
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
    const detail = `${values.length} numbers are no rows of ${columnCount} columns: name each column of a row in columns`;
    throw new ServiceError({ code: "SHAPE", status: 0, field: "columns", detail });
  }
  return Array.from({ length: values.length / columnCount }, (_, row) => [
    ...values.subarray(row * columnCount, (row + 1) * columnCount),
  ]);
}
