/** The result of a load test in the forms that are shown: words for people, and one JSON document. */

import { errorKinds } from "../../load-test/http/error-kinds.ts";
import type { CheckedExpectation } from "../../load-test/expectations.ts";
import type { LatencyBar } from "../../load-test/latency-histogram.ts";
import type { RequestSummary, TrainingSummary } from "../../load-test/summaries.ts";
import type { LoadContent } from "../../report/load-test/load-content.ts";
import { numberText } from "../../report/wording.ts";
import type { LoadTestKind } from "./load-settings.ts";

export interface KindOutcome {
  readonly name: string;
  readonly summary: RequestSummary;
  readonly expectations: readonly CheckedExpectation[];
}

export interface LoadOutcome {
  readonly test: LoadTestKind;
  readonly url: string;
  readonly how: string;
  /** Numbers of the test by name, for the JSON document. */
  readonly settings: Readonly<Record<string, unknown>>;
  readonly summary: RequestSummary | TrainingSummary;
  readonly successCount: number;
  readonly bars: readonly LatencyBar[];
  readonly kinds: readonly KindOutcome[];
  readonly expectations: readonly CheckedExpectation[];
  readonly firstRefusal: { readonly status: number; readonly body: string } | undefined;
  readonly notes: readonly string[];
  readonly elapsedMs: number;
  readonly isStopped: boolean;
}

const meanings: Readonly<Record<string, string>> = {
  ...errorKinds,
  job: "the job failed or was cancelled",
  unreadable: "the answer is none of the service",
};
const statusMeanings: Readonly<Record<string, string>> = {
  "429": "the limit of the key: more requests than it may make",
  "503": "the service has too much to do",
};
const refusalLengthMax = 300;

export function loadContent(outcome: LoadOutcome): Omit<LoadContent, "command" | "version" | "createdAt"> {
  const { test, url, how, summary, bars, kinds, notes } = outcome;
  return {
    test,
    url,
    how,
    figures: "total_requests" in summary ? requestFigures(summary) : trainingFigures(summary),
    bars,
    unit: test === "training" ? "training" : "request",
    timed: test === "training" ? "Times of the trainings" : "Times of the successful requests",
    outcomes: outcomesOf(summary),
    kinds: kinds.length === 0 ? [] : [kindHead, ...kinds.map(kindCells)],
    expectations: allExpectations(outcome).map(({ where, expectation, value, is_met: isMet }) => ({
      text: where + expectation,
      value: value === null ? "no value: too few successes" : String(value),
      isMet,
    })),
    notes: [...notes, ...refusalNote(outcome)],
  };
}

export function loadJson(outcome: LoadOutcome): Record<string, unknown> {
  const { test, url, settings, summary, kinds, bars, expectations, elapsedMs, isStopped, notes } = outcome;
  return {
    test,
    url,
    ...settings,
    ...summary,
    elapsed_s: Math.round(elapsedMs) / 1000,
    is_stopped: isStopped,
    histogram: bars.map(({ fromMs, toMs, count }) => ({
      from_ms: Number(fromMs.toPrecision(6)),
      to_ms: Number(toMs.toPrecision(6)),
      count,
    })),
    ...(kinds.length === 0
      ? {}
      : { kinds: kinds.map(({ name, summary: figures, expectations: limits }) => ({ name, ...figures, expectations: limits })) }),
    expectations,
    notes: [...notes, ...refusalNote(outcome)],
  };
}

/** Those of the whole test, and of its kinds with their names before them. */
export function allExpectations({ expectations, kinds }: Pick<LoadOutcome, "expectations" | "kinds">) {
  return [
    ...expectations.map((checked) => ({ where: "", ...checked })),
    ...kinds.flatMap(({ name, expectations: limits }) => limits.map((checked) => ({ where: `${name}: `, ...checked }))),
  ];
}

function requestFigures(summary: RequestSummary): LoadContent["figures"] {
  return [
    ["requests", numberText(summary.total_requests)],
    ["successful", rateText(summary)],
    ["requests a second", numberText(summary.requests_per_second)],
    ["mean", msText(summary.avg_response_time)],
    ["median", msText(summary.median_response_time)],
    ["p90", msText(summary.p90_response_time)],
    ["p95", msText(summary.p95_response_time)],
    ["p99", msText(summary.p99_response_time)],
    ["longest", msText(summary.max_response_time)],
  ];
}

function trainingFigures(summary: TrainingSummary): LoadContent["figures"] {
  return [
    ["trainings", numberText(summary.total_training_jobs)],
    ["successful", rateText(summary)],
    ["through a job", numberText(summary.queued_jobs)],
    ["mean training time", msText(summary.avg_training_time)],
    ["mean total time", msText(summary.avg_total_time)],
    ["median total time", msText(summary.median_total_time)],
    ["longest", msText(summary.max_total_time)],
  ];
}

const kindHead = ["kind", "requests", "successful", "mean", "median", "p95", "p99", "longest"];

function kindCells({ name, summary }: KindOutcome): string[] {
  const { avg_response_time: mean, median_response_time: middle, max_response_time: longest } = summary;
  const { p95_response_time: p95, p99_response_time: p99 } = summary;
  return [name, numberText(summary.total_requests), rateText(summary), ...[mean, middle, p95, p99, longest].map(msText)];
}

function rateText({ success_rate: rate }: { readonly success_rate: number | null }): string {
  return rate === null ? "none" : `${rate} %`;
}

function msText(milliseconds: number | null): string {
  return milliseconds === null ? "too few" : `${numberText(milliseconds)} ms`;
}

function outcomesOf({ by_status: byStatus, by_error: byError }: RequestSummary | TrainingSummary): LoadContent["outcomes"] {
  return [
    ...Object.entries(byStatus).map(([status, count]) => ({
      what: `status ${status}`,
      meaning: statusMeanings[status] ?? "",
      count,
      isSuccess: status.startsWith("2"),
    })),
    ...Object.entries(byError).map(([kind, count]) => ({ what: kind, meaning: meanings[kind] ?? "", count, isSuccess: false })),
  ];
}

function refusalNote({ firstRefusal }: LoadOutcome): string[] {
  if (firstRefusal === undefined) return [];
  const { status, body } = firstRefusal;
  return [`the first refusal (${status}): ${problemText(body)}`];
}

/** Code and detail of the service's own answers; of others the beginning. */
function problemText(body: string): string {
  try {
    const problem = JSON.parse(body) as { readonly code?: unknown; readonly detail?: unknown } | null;
    if (typeof problem?.code === "string" && typeof problem.detail === "string") {
      return `${problem.code}: ${problem.detail}`.slice(0, refusalLengthMax);
    }
  } catch {
    // Not JSON, or cut: shown as it is.
  }
  return body === "" ? "without a text" : body.slice(0, refusalLengthMax);
}
