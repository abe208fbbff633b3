/** `npm run parity`: our scores beside the reference library's digits, into docs/parity.md. Needs the shared data. `--dry` prints. */

import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { detectors } from "../packages/detect/src/registry.ts";
import type { ParityComparison } from "../packages/detect/test-support/parity.ts";
import { compareWithReference, parityEntries, parityReason } from "../packages/detect/test-support/parity.ts";
import { parityCases } from "../packages/detect/test-support/shared-data.ts";

const root = resolve(import.meta.dirname, "..");

const comparisons: ParityComparison[] = [];
for (const parityCase of parityCases()) {
  for (const [entry, scores, detector] of parityEntries(parityCase, detectors)) {
    comparisons.push(await compareWithReference(parityCase, entry, scores, detector));
  }
}
comparisons.sort((a, b) => (a.entry < b.entry ? -1 : a.entry > b.entry ? 1 : 0));
const page = pageOf(comparisons);
if (process.argv.includes("--dry")) console.log(page);
else writeFileSync(join(root, "docs/parity.md"), page);

function pageOf(all: readonly ParityComparison[]): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  return [
    "# Parity with the reference library",
    "",
    `Made by \`npm run parity\` at commit ${commit} with Node ${process.version}; not edited by hand. Scores of PyOD 3.6.5 on four real`,
    'sets and 27 new rows, in full precision, against ours with `compat: "pyod"` where the detector has it. Each figure is the largest',
    "relative difference of any row; the goal is 1e-9. The last column says why a figure lies above it.",
    "",
    "| entry | detector | set | training scores | new rows | threshold | labels that differ | why |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: | --- |",
    ...all.map(line),
    "",
  ].join("\n");
}

function line(one: ParityComparison): string {
  if (one.error !== undefined) return `| ${one.entry} | ${one.detectorId} | ${one.setName} | ${one.error.slice(0, 80)} | | | | |`;
  const figures = [one.training, one.fresh, one.threshold].map((value) => (value === 0 ? "0" : value.toExponential(1)));
  return `| ${[one.entry, one.detectorId, one.setName, ...figures, String(one.labelDifferenceCount), parityReason(one) ?? "**unexplained**"].join(" | ")} |`;
}
