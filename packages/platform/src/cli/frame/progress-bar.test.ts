import { PassThrough } from "node:stream";
import { expect, it } from "vitest";
import { announcementText } from "../fitting/fit-announcement.ts";
import type { CliContext } from "./context.ts";
import { createProgress } from "./progress-bar.ts";

function shownWith(
  isTerminal: boolean,
  asked: boolean,
  reports: readonly (readonly [ms: number, stage: string, share: number])[],
) {
  const stderr = new PassThrough();
  let time = 0;
  const context = { stderr, stderrIsTerminal: isTerminal, now: () => time } as unknown as CliContext;
  const progress = createProgress(context, { has: (name) => asked && name === "progress" });
  for (const [ms, stage, share] of reports) {
    time = ms;
    progress.report(stage, share);
  }
  return String(stderr.read() ?? "");
}

const reports = [
  [400, "reading", 0.5],
  [600, "reading", 0.99],
  [601, "fitting", 0],
  [650, "fitting", 0.1],
  [5700, "fitting", 0.4],
] as const;

it("a terminal shows a new stage at once, with a share of its own, and work shorter than half a second not at all", () => {
  const shown = shownWith(true, false, reports).split("\r\u001b[K").slice(1);
  expect(shown.map((line) => line.replaceAll(/[█░]+ /g, ""))).toEqual([
    "reading 99 % 1 s",
    "fitting 0 % 1 s",
    "fitting 40 % 6 s",
  ]);
  expect(shown[1]).toContain("░".repeat(24));
});

it("elsewhere lines come where --progress asks for them, one each five seconds and for each stage", () => {
  expect(shownWith(false, true, reports)).toBe(
    "nomaly: reading 50 %, 0 s\nnomaly: fitting 0 %, 1 s\nnomaly: fitting 40 %, 6 s\n",
  );
  expect(shownWith(false, false, reports)).toBe("");
});

it("a long fit is announced with its time and what fewer rows would take", () => {
  const estimate = { rowCount: 20_000, seconds: 170, smaller: { rowCount: 5000, seconds: 12.3 } };
  expect(announcementText("abod", estimate)).toBe(
    "abod on 20,000 rows: about 3 minutes on this machine; --fit-rows 5000 would take about 12 seconds",
  );
  expect(announcementText("kde", { rowCount: 100_000, seconds: 7000, smaller: undefined })).toBe(
    "kde on 100,000 rows: about 2 hours on this machine",
  );
});
