import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { close, detect, detectors } from "@nomaly/detect";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, serveFolder } from "../../test-support/browser.ts";
import { type Bundler, bundlePage } from "../../test-support/bundle.ts";
import type { PageReport } from "./page/main.ts";
import { sampleFor } from "./page/sample-rows.ts";

const suiteMsMax = 600_000;
const output = mkdtempSync(join(tmpdir(), "nomaly-browser-"));
const browser: Browser | undefined = await launchBrowser();
const nodeScores: Record<string, number[]> = {};

beforeAll(async () => {
  for (const { id, traits } of detectors) {
    const { scores } = await detect(sampleFor(traits, 400), { detector: id, threads: 1 });
    nodeScores[id] = [...scores];
  }
});

afterAll(async () => {
  await close();
  await browser?.close();
  rmSync(output, { recursive: true, force: true });
});

/** Visits the page: returns its report, and how many worker threads it started. */
async function visit(
  open: Browser,
  bundler: Bundler,
  isolated: boolean,
  query = "",
): Promise<PageReport & { workerCount: number }> {
  const server = await serveFolder(join(output, bundler), { isolated });
  const page = await open.newPage();
  try {
    let workerCount = 0;
    page.on("worker", () => workerCount++);
    await page.goto(`${server.url}/${query}`);
    page.setDefaultTimeout(suiteMsMax);
    await page.waitForFunction(() => globalThis.report !== undefined);
    const report = await page.evaluate(() => globalThis.report as Promise<PageReport>);
    return { ...report, workerCount };
  } finally {
    await page.close();
    await server.close();
  }
}

describe.skipIf(browser === undefined).each(["vite", "esbuild"] as const)(
  "bundled with %s, in a real browser (needs Chromium)",
  (bundler) => {
    beforeAll(() => bundlePage(bundler, join(import.meta.dirname, "page"), join(output, bundler)));

    it("an isolated page runs on several worker threads and gives every detector's scores as on Node", async () => {
      const report = await visit(browser as Browser, bundler, true);
      expect(report.isolated).toBe(true);
      expect(report.threadCount).toBeGreaterThan(1);
      expect(report.workerCount).toBe(report.threadCount);
      expect(report.kernels).toMatch(/^wasm-/);
      expectScores(report);
    });

    it("a page that is not isolated runs on one thread with the same scores", async () => {
      const report = await visit(browser as Browser, bundler, false);
      expect(report).toMatchObject({ isolated: false, threadCount: 1, workerCount: 0 });
      expect(report.kernels).toMatch(/^wasm-/);
      expectScores(report);
    });
  },
);

describe.skipIf(browser === undefined)("the conformance suite in a real browser (needs Chromium)", () => {
  beforeAll(() => bundlePage("vite", join(import.meta.dirname, "page"), join(output, "vite")));

  it.concurrent.each([
    ["isolated", true],
    ["not isolated", false],
  ])(
    "every detector passes on a page that is %s",
    async (_, isolated) => {
      const { conformance } = await visit(browser as Browser, "vite", isolated, "?conformance");
      expect(conformance?.faults).toEqual([]);
      expect(conformance?.passedCount).toBeGreaterThan(detectors.length);
    },
    suiteMsMax,
  );
});

/**
 * Largest relative difference between Node's scores and the browser's. They may be of different engine versions, and those differ
 * in the last bit of Math.log and Math.exp; everything else is equal to the bit.
 */
const engineTolerance = 1e-12;

function expectScores(report: PageReport): void {
  expect(Object.keys(report.scores)).toEqual(detectors.map(({ id }) => id));
  expect(report.threadsAgree).toBe(true);
  for (const { id, traits } of detectors) {
    const { fitted, loaded } = report.scores[id];
    expect(largestDifference(fitted, nodeScores[id]), id).toBeLessThan(engineTolerance);
    if (traits.trainingScoresAreRescores) expect(loaded, id).toEqual(fitted);
  }
}

function largestDifference(actual: readonly number[], expected: readonly number[]): number {
  expect(actual).toHaveLength(expected.length);
  return Math.max(...actual.map((score, row) => Math.abs(score - expected[row]) / Math.max(1e-300, Math.abs(expected[row]))));
}
