/** Checks the rules of STYLE.md that a program can check: lengths, names, open notes, dead links, incomplete detectors. */

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { checkDetectors, checkExamples, checkLinks } from "./rules/tidy-repository.ts";
import { checkSource, checkText } from "./rules/tidy-rules.ts";

const root = resolve(import.meta.dirname, "..");
/** Larger files are data, not text. */
const textBytesMax = 1_000_000;
const textFile = /\.(tsx?|js|md|json|html|css|sh|yml|yaml)$/;

/** @returns one line for each fault. */
export function checkRepository(repository: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  for (const [path, text] of repository) {
    if (path.startsWith("fixtures/") || path === "package-lock.json") continue;
    if (/\.tsx?$/.test(path)) problems.push(...checkSource(path, text));
    else if (textFile.test(path)) problems.push(...checkText(path, text));
  }
  return [...problems, ...checkDetectors(repository), ...checkLinks(repository), ...checkExamples(repository)];
}

/** Files that git tracks or would track; binary and large ones come with empty text. */
function readRepository(): Map<string, string> {
  const listing = ["ls-files", "--cached", "--others", "--exclude-standard"];
  const paths = execFileSync("git", listing, { cwd: root, encoding: "utf8" }).split("\n").filter(Boolean).sort();
  const present = paths.filter((path) => existsSync(join(root, path)));
  return new Map(present.map((path) => [path, readText(join(root, path))]));
}

function readText(file: string): string {
  return textFile.test(file) && statSync(file).size <= textBytesMax ? readFileSync(file, "utf8") : "";
}

if (process.argv[1] === import.meta.filename) {
  const problems = checkRepository(readRepository());
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
