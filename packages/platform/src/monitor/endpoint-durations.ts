/** Keeps the last 100 durations of each endpoint, and counts all of its requests and errors. */

export const keptDurationCount = 100;
/** Endpoints are route templates, of which there are far fewer. */
const endpointCountMax = 500;

export interface EndpointFigures {
  /** Mean of the last 100, milliseconds. */
  readonly avg_response_time: number;
  /** Since the start. */
  readonly request_count: number;
  readonly error_count: number;
  /** Percent of all requests since the start. */
  readonly error_rate: number;
  /** Of the last 100, milliseconds. */
  readonly p50_response_time: number;
  readonly p95_response_time: number;
  readonly p99_response_time: number;
}

interface Endpoint {
  readonly durations: Float64Array;
  requestCount: number;
  errorCount: number;
}

export interface EndpointDurations {
  add(endpoint: string, durationMs: number, isSuccess: boolean): void;
  figures(): Readonly<Record<string, EndpointFigures>>;
}

export function createEndpointDurations(): EndpointDurations {
  const endpoints = new Map<string, Endpoint>();
  return {
    add(name, durationMs, isSuccess) {
      let endpoint = endpoints.get(name);
      if (endpoint === undefined) {
        if (endpoints.size >= endpointCountMax) return;
        endpoint = { durations: new Float64Array(keptDurationCount), requestCount: 0, errorCount: 0 };
        endpoints.set(name, endpoint);
      }
      endpoint.durations[endpoint.requestCount % keptDurationCount] = durationMs;
      endpoint.requestCount++;
      if (!isSuccess) endpoint.errorCount++;
    },
    figures: () => Object.fromEntries([...endpoints].map(([name, endpoint]) => [name, figuresOf(endpoint)])),
  };
}

function figuresOf({ durations, requestCount, errorCount }: Endpoint): EndpointFigures {
  const sorted = durations.slice(0, Math.min(requestCount, keptDurationCount)).sort();
  const sum = sorted.reduce((total, ms) => total + ms, 0);
  const at = (q: number) => sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
  return {
    avg_response_time: sum / sorted.length,
    request_count: requestCount,
    error_count: errorCount,
    error_rate: (errorCount * 100) / requestCount,
    p50_response_time: at(0.5),
    p95_response_time: at(0.95),
    p99_response_time: at(0.99),
  };
}
