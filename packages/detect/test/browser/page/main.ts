/** The page that the browser tests open: every detector on one table, on the threads that the page may have; with `?conformance` the suite. */

import { close, detect, detectors, load, threadCount } from "@nomaly/detect";
import { checkDetector } from "@nomaly/detect/conformance";
import { chooseKernels } from "@nomaly/detect/kernels";
import { columnCount, sampleFor, sampleRows } from "./sample-rows.ts";

export interface PageReport {
  readonly isolated: boolean;
  readonly kernels: string;
  readonly threadCount: number;
  /** Training scores, and scores of the model after saving and loading, by detector. */
  /** Scoring many rows gave the same bits on all threads as on one. */
  readonly threadsAgree: boolean;
  /** Outcome of the conformance suite; undefined when it was not asked for. */
  readonly conformance: { readonly passedCount: number; readonly faults: readonly string[] } | undefined;
  readonly scores: Readonly<Record<string, { readonly fitted: number[]; readonly loaded: number[] }>>;
}

declare global {
  var report: Promise<PageReport> | undefined;
}

async function run(): Promise<PageReport> {
  const scores: Record<string, { fitted: number[]; loaded: number[] }> = {};
  for (const { id, traits } of detectors) {
    const rows = sampleFor(traits, 400);
    const detection = await detect(rows, { detector: id, threads: threadCount() });
    const loaded = await load(detection.model.save()).scoreAsync(rows, { threads: threadCount() });
    scores[id] = { fitted: [...detection.scores], loaded: [...loaded] };
  }
  const threadsAgree = await scoreManyRows();
  await close();
  const conformance = location.search === "?conformance" ? await checkEveryDetector() : undefined;
  return {
    isolated: crossOriginIsolated,
    kernels: chooseKernels().name,
    threadCount: threadCount(),
    threadsAgree,
    conformance,
    scores,
  };
}

/** Enough rows that the work is cut up and sent to every worker. */
async function scoreManyRows(): Promise<boolean> {
  const rows = { values: sampleRows(100_000), columnCount };
  const { model } = await detect(rows, { detector: "robust-z" });
  const alone = model.score(rows);
  const together = await model.scoreAsync(rows, { threads: threadCount() });
  return together.every((score, row) => Object.is(score, alone[row]));
}

async function checkEveryDetector(): Promise<{ passedCount: number; faults: string[] }> {
  // The set that pages use. Tests on Node check that the others give the same bits; the scores above check this one.
  const kernelSets = [chooseKernels()];
  const faults: string[] = [];
  let passedCount = 0;
  for (const detector of detectors) {
    for await (const { outcome, check, details } of checkDetector(detector, { kernelSets })) {
      if (outcome === "passed") passedCount++;
      if (outcome === "failed") faults.push(`${detector.id} ${check}: ${details.join("; ")}`);
    }
  }
  return { passedCount, faults };
}

globalThis.report = run();
