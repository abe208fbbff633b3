/** Writes the generated pages and marked sections of the documents; `--check` only says which are out of date. */

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { alertTypes, detectionTypes, learningTypes, performanceTypes, storedTypes, upkeepTypes } from "./pages/client-types.ts";
import {
  commandLinePage,
  configurationPage,
  detectorsPage,
  detectorsTable,
  errorsPage,
  layersTables,
} from "./pages/docs-pages.ts";

const root = resolve(import.meta.dirname, "..");

/** Whole files that are generated. */
const pages: Readonly<Record<string, () => string>> = {
  "docs/detectors.md": detectorsPage,
  "docs/errors.md": errorsPage,
  "docs/command-line.md": commandLinePage,
  "docs/configuration.md": configurationPage,
  "packages/platform/src/client/learning-types.ts": learningTypes,
  "packages/platform/src/client/detection-types.ts": detectionTypes,
  "packages/platform/src/client/stored-types.ts": storedTypes,
  "packages/platform/src/client/upkeep-types.ts": upkeepTypes,
  "packages/platform/src/client/alerting/alert-types.ts": alertTypes,
  "packages/platform/src/client/performance-types.ts": performanceTypes,
};

/** Sections between `<!-- generated: name -->` and `<!-- end: name -->` in written documents. */
const sections: readonly { readonly file: string; readonly name: string; readonly write: () => string }[] = [
  { file: "README.md", name: "detectors", write: detectorsTable },
  { file: "ARCHITECTURE.md", name: "layers", write: layersTables },
];

/** Every generated document as it should be, by path. */
function expectedDocuments(): Map<string, string> {
  const documents = new Map(Object.entries(pages).map(([file, write]) => [file, write()]));
  for (const { file, name, write } of sections) {
    const text = documents.get(file) ?? readFileSync(join(root, file), "utf8");
    documents.set(file, replaceSection(text, name, write()));
  }
  return documents;
}

/** @throws when the markers are not there, each once. */
export function replaceSection(text: string, name: string, content: string): string {
  const [start, end] = [`<!-- generated: ${name} -->`, `<!-- end: ${name} -->`];
  const [before, rest, ...moreStarts] = text.split(start);
  const [, after, ...moreEnds] = (rest ?? "").split(end);
  if (after === undefined || moreStarts.length > 0 || moreEnds.length > 0) {
    throw new Error(`expected "${start}" and "${end}", once each and in this order`);
  }
  return `${before}${start}\n\n${content.trim()}\n\n${end}${after}`;
}

/** @returns the paths whose text is not what it should be. */
export function outOfDate(expected: ReadonlyMap<string, string>, read: (path: string) => string | undefined): string[] {
  return [...expected].filter(([path, text]) => read(path) !== text).map(([path]) => path);
}

function readDocument(path: string): string | undefined {
  return existsSync(join(root, path)) ? readFileSync(join(root, path), "utf8") : undefined;
}

if (process.argv[1] === import.meta.filename) {
  const expected = expectedDocuments();
  const stale = outOfDate(expected, readDocument);
  if (process.argv.includes("--check")) {
    for (const path of stale) console.error(`${path} is out of date: npm run docs`);
    process.exitCode = stale.length === 0 ? 0 : 1;
  } else {
    for (const path of stale) writeFileSync(join(root, path), expected.get(path) ?? "");
    console.log(stale.length === 0 ? "all up to date" : `wrote ${stale.join(", ")}`);
  }
}
