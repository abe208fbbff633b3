/** The four cards: response time, throughput, memory, errors. */

import type { PerformanceMetrics, PerformanceSample } from "nomaly/client";
import { LineChart } from "../charts/line-chart.tsx";
import { bytesText, countText, msText, percentText, rateText } from "../format.ts";

interface Card {
  readonly name: string;
  readonly value: (sample: PerformanceSample) => number;
  readonly text: (value: number) => string;
  /** The value in words, under it. */
  readonly detail: (metrics: PerformanceMetrics) => string;
  /** What the number means. */
  readonly meaning: string;
  readonly leastMax: number;
  readonly greatestMax?: number;
}

const cards: readonly Card[] = [
  {
    name: "Response Time",
    value: (sample) => sample.response_time,
    text: msText,
    detail: ({ p50_response_time: p50, p95_response_time: p95, p99_response_time: p99 }) =>
      p50 === null ? "no request in the last minute" : `half within ${msText(p50)}, 95 % ${msText(p95)}, 99 % ${msText(p99)}`,
    meaning: "mean time from the arrival of a request to its answer, over the last minute",
    leastMax: 1,
  },
  {
    name: "Throughput",
    value: (sample) => sample.throughput,
    text: rateText,
    detail: ({ request_count: count, window_seconds: seconds }) => `${countText(count)} requests in ${Math.round(seconds)} s`,
    meaning: "requests a second, over the last minute",
    leastMax: 1,
  },
  {
    name: "Memory Usage",
    value: (sample) => sample.memory_usage,
    text: (value) => percentText(value, 1),
    detail: ({ memory_bytes: bytes }) => `${bytesText(bytes)} resident, with all workers`,
    meaning: "memory of the service and its workers, of what they may take",
    leastMax: 10,
    greatestMax: 100,
  },
  {
    name: "Error Rate",
    value: (sample) => sample.error_rate,
    text: (value) => percentText(value, 2),
    detail: ({ error_count: count, request_count: all }) => `${countText(count)} of ${countText(all)} requests`,
    meaning: "requests that the service could not answer (status 500 and above), of all in the last minute",
    leastMax: 1,
    greatestMax: 100,
  },
];

export function Cards({ metrics }: { readonly metrics: PerformanceMetrics | undefined }) {
  return (
    <div class="cards">
      {cards.map((card) => (
        <CardView key={card.name} card={card} metrics={metrics} />
      ))}
    </div>
  );
}

function CardView({ card, metrics }: { readonly card: Card; readonly metrics: PerformanceMetrics | undefined }) {
  const id = `card-${card.name.toLowerCase().replaceAll(" ", "-")}`;
  return (
    <section class="card" aria-labelledby={id}>
      <h2 id={id}>{card.name}</h2>
      <p class="value">{metrics === undefined ? "…" : card.text(card.value(metrics))}</p>
      <p class="detail">{metrics === undefined ? "waiting for the first numbers" : card.detail(metrics)}</p>
      <LineChart
        name={card.name}
        points={(metrics?.samples ?? []).map((sample) => ({ time: sample.timestamp, value: card.value(sample) }))}
        spanSeconds={100}
        leastMax={card.leastMax}
        {...(card.greatestMax === undefined ? {} : { greatestMax: card.greatestMax })}
        text={card.text}
      />
      <p class="meaning">{card.meaning}</p>
    </section>
  );
}
