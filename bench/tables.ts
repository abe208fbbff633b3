/** Comparisons as lines of a Markdown table, and the page that holds them. */

import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import type { BenchCase } from "./cases.ts";
import type { Comparison } from "./measure.ts";
import { median, seconds } from "./measure.ts";

export function tableHead(): string {
  return [
    "| detector | rows x columns | ours: fit + score | peer | peer: fit + score | ratio (min to max) | wanted | memory, ours / peer |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
  ].join("\n");
}

export function comparisonLine(comparison: Comparison): string {
  const { benchCase, ours, peer, peerError, ratios } = comparison;
  const size = `${benchCase.rowCount.toLocaleString("en")} x ${benchCase.columnCount}`;
  const peerName = `${benchCase.peer.module.split(".")[0]} ${benchCase.peer.class}`;
  const theirs = peer === undefined ? (peerError ?? "not run") : timing(benchCase, peer);
  const spread = ratios.length === 0 ? "" : ` (${Math.min(...ratios).toFixed(1)} to ${Math.max(...ratios).toFixed(1)})`;
  const ratio = ratios.length === 0 ? "" : `**${median(ratios).toFixed(1)}x**${spread}`;
  const wanted = benchCase.mode === "row" ? `< ${benchCase.target} us` : `${benchCase.target}x`;
  const memory = `${megabytes(ours.peakBytes)} / ${peer === undefined ? "-" : megabytes(peer.peakBytes)}`;
  const cells = [
    benchCase.detector,
    size,
    timing(benchCase, ours),
    peerName,
    theirs,
    ratio,
    `${wanted}${reached(comparison)}`,
    memory,
  ];
  return `| ${cells.join(" | ")} |`;
}

function reached({ benchCase, ours, ratios }: Comparison): string {
  if (benchCase.mode === "row") return ours.score * 1e6 < benchCase.target ? ", met" : ", **missed**";
  if (ratios.length === 0) return "";
  return median(ratios) >= benchCase.target ? ", met" : ", **missed**";
}

function timing(benchCase: BenchCase, measurement: { fit: number; score: number; peakBytes: number }): string {
  if (benchCase.mode === "row") return `${(measurement.score * 1e6).toFixed(measurement.score < 1e-4 ? 1 : 0)} us a row`;
  const total = seconds(benchCase, measurement);
  return `${total.toFixed(3)} s (${measurement.fit.toFixed(3)} + ${measurement.score.toFixed(3)})`;
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6)} MB`;
}

export function describeMachine(root: string): string {
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  const model = cpus()[0]?.model.trim() ?? "unknown processor";
  return `${cpus().length} cores of ${model}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, commit ${commit}`;
}

/** The comparisons of each group as a section of docs/benchmarks.md. */
export function writeComparisons(
  root: string,
  comparisons: readonly Comparison[],
  how: { runCount: number; threads: number },
): void {
  for (const group of new Set(comparisons.map(({ benchCase }) => benchCase.group))) {
    const runs = how.runCount === 1 ? "one run" : `medians of ${how.runCount} runs in turn, each in a fresh process`;
    const text = [
      `\`npm run bench:peers -- --only ${group} --runs ${how.runCount} --write\` on ${describeMachine(root)}; ${how.threads} threads on both`,
      `sides, ${runs}, after a warm-up on a tenth of the rows. Memory is the peak of the whole process, input included.`,
      "",
      tableHead(),
      ...comparisons.filter(({ benchCase }) => benchCase.group === group).map(comparisonLine),
    ].join("\n");
    writeSection({ root, file: "docs/benchmarks.md", name: group }, text);
  }
}

export interface Section {
  readonly root: string;
  readonly file: string;
  readonly name: string;
}

/** Replaces the text between the marks of a generated section; the rest of the page is written by hand. */
export function writeSection({ root, file, name }: Section, text: string): void {
  const path = join(root, file);
  const page = readFileSync(path, "utf8");
  const start = `<!-- generated: ${name} -->`;
  const from = page.indexOf(start);
  const to = page.indexOf("<!-- end: ", from);
  if (from < 0 || to < 0) throw new Error(`${file} has no section "${name}"`);
  writeFileSync(path, `${page.slice(0, from)}${start}\n\n${text}\n${page.slice(to)}`);
}
