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
  for (const question of parityEntries(parityCase, detectors)) comparisons.push(await compareWithReference(question));
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
    "relative difference of any row; the goal is 1e-9. Behind a figure above the goal stands the number of such rows; the last column",
    "gives the reason. `packages/detect/test-support/parity-exceptions.ts` lists these rows with bounds, which the tests check.",
    "",
    "- ECOD, COPOD and COF score new rows together in PyOD, so that a score changes with the batch. The column compares our scores computed in",
    "  the same way; the column `alone` compares our score of each row by itself with that of a batch of one (COF: with the definition).",
    "- MCD starts at random. Its column `formula` compares the training scores that our code computes from PyOD's own location and covariance.",
    "",
    "| entry | detector | set | training scores | new rows | alone | formula | threshold | labels that differ | why |",
    "| --- | --- | --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |",
    ...all.map(line),
    "",
  ].join("\n");
}

function line(one: ParityComparison): string {
  const columns = (["training", "fresh", "alone", "formula", "threshold"] as const).map((name) => {
    const figure = one.figures.find((candidate) => candidate.name === name);
    if (figure === undefined) return "";
    const { difference, rows, rowCount } = figure;
    const count = rows.length === 0 || rowCount === 1 ? "" : ` (${rows.length} of ${rowCount})`;
    return `${difference === 0 ? "0" : difference.toExponential(1)}${count}`;
  });
  return `| ${[one.entry, one.detectorId, one.setName, ...columns, String(one.labelDifferenceCount), parityReason(one)].join(" | ")} |`;
}
