/** The tests that send requests for a time: `detection`, and `mixed` of several kinds. */

import { readFileSync, statSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { checkExpectation } from "../../load-test/expectations.ts";
import { type LoadResult, type RequestSource, runLoad } from "../../load-test/engine/run-load.ts";
import { getSource, predictSource, trainSource, weightedTurns } from "../../load-test/requests/sources.ts";
import {
  parseScenario,
  rowsPerRequestDefault,
  rowsPerRequestRange,
  type Scenario,
  type ScenarioKind,
} from "../../load-test/scenario.ts";
import { requestFields, requestSummary } from "../../load-test/summaries.ts";
import type { Target } from "../../load-test/target.ts";
import { countText, numberText } from "../../report/wording.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { createProgress } from "../frame/progress-bar.ts";
import type { LoadOutcome } from "./load-outcome.ts";
import { expectationsOf, type LoadSettings, loadSettings, required, seedOf, targetOf } from "./load-settings.ts";
import { readRows } from "./read-rows.ts";

/** With fewer rows there are so few orders of them that the service's cache soon has all answers. */
const variedRowCountMin = 6;
const scenarioBytesMax = 1024 * 1024;
const barCountMax = 24;

export async function testDetection(given: Arguments, context: CliContext): Promise<LoadOutcome> {
  const settings = loadSettings(given);
  const expect = expectationsOf(given, requestFields);
  const rowsPerRequest = given.number("rows", rowsPerRequestRange) ?? rowsPerRequestDefault;
  const [detectorId, file, seed] = [required(given, "detector"), required(given, "data"), seedOf(given)];
  const target = await targetOf(given);
  const rowTexts = await readRows(file, given, context);
  const source = predictSource(target, { name: "predict", detectorId, rowTexts, rowsPerRequest, seed });
  const result = await loaded(given, context, settings, { target, sources: [source] });
  const rows = `${countText(Math.min(rowsPerRequest, rowTexts.length), "row")} a request of ${countText(rowTexts.length, "row")}`;
  return {
    ...outcomeOf(result, settings, target),
    test: "detection",
    how: `${howText(settings)}, ${rows}`,
    kinds: [],
    expectations: expect.map((one) => checkExpectation(one, requestSummary(result.overall, result))),
    notes: [...notesOf(result, settings), ...fewRowsNote(rowTexts.length)],
  };
}

export async function testMixed(given: Arguments, context: CliContext): Promise<LoadOutcome> {
  const path = given.operands[1];
  const scenario = parseScenario(path, readScenario(path));
  const settings = loadSettings(given, scenario.numbers);
  const expect = [...scenario.expect, ...expectationsOf(given, requestFields)];
  const target = await targetOf(given);
  const sources = await sourcesOf(scenario, { target, folder: dirname(path) }, given, context);
  const choose = weightedTurns(scenario.kinds.map(({ weight }) => weight));
  const result = await loaded(given, context, settings, { target, sources, choose });
  const summary = requestSummary(result.overall, result);
  return {
    ...outcomeOf(result, settings, target),
    test: "mixed",
    how: `${howText(settings)}, ${countText(scenario.kinds.length, "kind")} of request`,
    kinds: scenario.kinds.map(({ name, expect: limits }, index) => {
      const ofKind = requestSummary(result.bySource[index], result);
      return { name, summary: ofKind, expectations: limits.map((one) => checkExpectation(one, ofKind)) };
    }),
    expectations: expect.map((one) => checkExpectation(one, summary)),
    notes: notesOf(result, settings),
  };
}

/** Each file is read once. */
async function sourcesOf(
  { kinds }: Scenario,
  { target, folder }: { readonly target: Target; readonly folder: string },
  given: Arguments,
  context: CliContext,
): Promise<RequestSource[]> {
  const rowsOf = new Map<string, readonly string[]>();
  const sources: RequestSource[] = [];
  for (const [index, kind] of kinds.entries()) {
    if ("path" in kind) {
      sources.push(getSource(target, kind));
      continue;
    }
    const file = resolve(folder, kind.file);
    const rowTexts = rowsOf.get(file) ?? (await readRows(file, given, context));
    rowsOf.set(file, rowTexts);
    sources.push(sourceOf(kind, { target, rowTexts, seed: seedOf(given) + index }));
  }
  return sources;
}

function sourceOf(
  kind: Extract<ScenarioKind, { readonly file: string }>,
  { target, ...rows }: { readonly target: Target; readonly rowTexts: readonly string[]; readonly seed: number },
): RequestSource {
  return kind.kind === "train" ? trainSource(target, { ...kind, ...rows }) : predictSource(target, { ...kind, ...rows });
}

function readScenario(path: string): string {
  try {
    const { size } = statSync(path);
    if (size <= scenarioBytesMax) return readFileSync(path, "utf8");
    throw new NomalyError("TOO_LARGE", `${path} has ${size} bytes, a scenario has at most ${scenarioBytesMax}`, { field: path });
  } catch (cause) {
    if (cause instanceof NomalyError) throw cause;
    const isAbsent = (cause as NodeJS.ErrnoException).code === "ENOENT";
    throw new NomalyError(
      isAbsent ? "FILE_NOT_FOUND" : "FILE_READ",
      `${path} ${isAbsent ? "does not exist" : "cannot be read"}`,
      {
        field: path,
        cause,
      },
    );
  }
}

interface Sent {
  readonly target: Target;
  readonly sources: readonly RequestSource[];
  readonly choose?: () => number;
}

async function loaded(given: Arguments, context: CliContext, settings: LoadSettings, sent: Sent): Promise<LoadResult> {
  const progress = createProgress(context, given);
  try {
    return await runLoad({
      ...settings,
      ...sent,
      signal: context.signal,
      onSecond: ({ phase, share, requestCount, failureCount }) => {
        const before = phase === "measured" ? "" : `${phase}: `;
        progress.report(`${before}${countText(requestCount, "request")} a second (${countText(failureCount, "failure")})`, share);
      },
    });
  } finally {
    progress.clear();
  }
}

function outcomeOf(result: LoadResult, settings: LoadSettings, { url }: Target) {
  const { overall, elapsedMs, isStopped, retryAfterWaits } = result;
  const { durationMs, concurrency, ratePerSecond, warmUpMs, rampMs, timeoutMs } = settings;
  return {
    url,
    settings: {
      loop: ratePerSecond === undefined ? "closed" : "open",
      concurrency,
      rate: ratePerSecond ?? null,
      duration_s: durationMs / 1000,
      warm_up_s: warmUpMs / 1000,
      ramp_s: rampMs / 1000,
      timeout_s: timeoutMs / 1000,
      retry_after_waits: retryAfterWaits,
    },
    summary: requestSummary(overall, result),
    successCount: overall.successCount,
    bars: overall.latencies.bars(barCountMax),
    firstRefusal: overall.firstRefusal,
    elapsedMs,
    isStopped,
  };
}

function howText({ durationMs, concurrency, ratePerSecond, warmUpMs, rampMs }: LoadSettings): string {
  const loop = ratePerSecond === undefined ? "closed loop" : `open loop of ${numberText(ratePerSecond)} requests a second`;
  const parts = [loop, countText(concurrency, "connection"), `${numberText(durationMs / 1000)} s`];
  if (rampMs > 0) parts.push(`after a ramp of ${numberText(rampMs / 1000)} s`);
  if (warmUpMs > 0) parts.push(`after a warm-up of ${numberText(warmUpMs / 1000)} s`);
  return parts.join(", ");
}

function notesOf({ overall, retryAfterWaits }: LoadResult, { ratePerSecond }: LoadSettings): string[] {
  const notes: string[] = [];
  if (retryAfterWaits > 0) {
    notes.push(
      `connections waited ${countText(retryAfterWaits, "time")} because the server said when to come again (Retry-After)`,
    );
  } else if (ratePerSecond !== undefined && (overall.byStatus.get(429) ?? 0) > 0) {
    notes.push("an open loop goes on at its rate whatever Retry-After says");
  }
  return notes;
}

function fewRowsNote(rowCount: number): string[] {
  if (rowCount >= variedRowCountMin) return [];
  return [`with ${countText(rowCount, "row")} the same request comes again and again: the server may answer from its cache`];
}
