/** Counts the durations of requests in buckets, by route, method and status. */

interface HistogramSample {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

const name = "nomaly_http_request_duration_seconds";
export const requestDuration = { name, type: "histogram", help: "Time from the arrival of a request to its answer" } as const;

const bucketsMs = [0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000];
/** Routes, methods and statuses give far fewer series; the bound holds even if a client could choose one of them. */
const seriesMax = 5000;

interface Series {
  readonly route: string;
  readonly method: string;
  readonly status: number;
  readonly counts: Float64Array;
  sumMs: number;
}

export function createRequestTimes() {
  const byRoute = new Map<string, Map<string, Map<number, Series>>>();
  let seriesCount = 0;

  function seriesOf(route: string, method: string, status: number): Series | undefined {
    const methods = byRoute.get(route) ?? new Map<string, Map<number, Series>>();
    const statuses = methods.get(method) ?? new Map<number, Series>();
    const found = statuses.get(status);
    if (found !== undefined) return found;
    if (seriesCount >= seriesMax) return undefined;
    seriesCount++;
    const made = { route, method, status, counts: new Float64Array(bucketsMs.length + 1), sumMs: 0 };
    byRoute.set(route, methods.set(method, statuses.set(status, made)));
    return made;
  }

  return {
    observe(route: string, method: string, status: number, durationMs: number): void {
      const series = seriesOf(route, method, status);
      if (series === undefined) return;
      let bucket = 0;
      while (bucket < bucketsMs.length && durationMs > bucketsMs[bucket]) bucket++;
      series.counts[bucket]++;
      series.sumMs += durationMs;
    },
    samples: (): readonly HistogramSample[] =>
      [...byRoute.values()].flatMap((methods) => [...methods.values()].flatMap((all) => [...all.values()].flatMap(samplesOf))),
  };
}

function samplesOf({ route, method, status, counts, sumMs }: Series): readonly HistogramSample[] {
  const labels = { route, method, status };
  let total = 0;
  const buckets = [...counts].map((count, index) => {
    total += count;
    const le = index === bucketsMs.length ? "+Inf" : bucketsMs[index] / 1000;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sumMs / 1000 },
    { metricName: `${name}_count`, labels, value: total },
  ];
}
