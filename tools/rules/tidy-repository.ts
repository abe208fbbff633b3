/** Rules about how files belong together. They see the repository as a map from path to text. */

import { posix } from "node:path";
import { headingsOf, linksOf } from "./tidy-rules.ts";

export type Repository = ReadonlyMap<string, string>;

const detectorsFolder = "packages/detect/src/detectors";
const registryFile = "packages/detect/src/registry.ts";

/** Checks that every detector folder has its parts and its line in the registry, and every line its folder. */
export function checkDetectors(repository: Repository): string[] {
  const problems: string[] = [];
  const paths = [...repository.keys()].filter((path) => path.startsWith(`${detectorsFolder}/`));
  const folders = new Set(paths.map((path) => path.slice(detectorsFolder.length + 1).split("/")[0]));
  const registry = repository.get(registryFile) ?? "";
  const listed = new Set([...registry.matchAll(/"\.\/detectors\/([^/"]+)\/index\.ts"/g)].map(([, id]) => id));
  for (const id of folders) {
    const folder = `${detectorsFolder}/${id}`;
    if (!listed.has(id)) problems.push(`${folder}: not listed in ${registryFile}`);
    if (!repository.has(`${folder}/index.ts`)) problems.push(`${folder}: has no index.ts`);
    if (!repository.has(`${folder}/README.md`)) problems.push(`${folder}: has no README.md`);
    if (!paths.some((path) => path.startsWith(`${folder}/`) && path.endsWith(".test.ts"))) {
      problems.push(`${folder}: has no test`);
    }
  }
  for (const id of listed) if (!folders.has(id)) problems.push(`${registryFile}: ${id} has no folder`);
  return problems;
}

/** Checks that every relative link of a document leads to an existing file or folder, and to an existing heading. */
export function checkLinks(repository: Repository): string[] {
  const problems: string[] = [];
  const folders = new Set<string>();
  for (const path of repository.keys()) {
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder)) folders.add(folder);
  }
  for (const [path, text] of repository) {
    if (!path.endsWith(".md")) continue;
    for (const { line, target, heading } of linksOf(text)) {
      const file = target === "" ? path : posix.normalize(posix.join(posix.dirname(path), target)).replace(/\/$/, "");
      if (!repository.has(file) && !folders.has(file)) problems.push(`${path}:${line}: leads to ${file}, which is not there`);
      else if (heading !== "" && file.endsWith(".md") && !headingsOf(repository.get(file) ?? "").has(heading)) {
        problems.push(`${path}:${line}: ${file} has no heading "${heading}"`);
      }
    }
  }
  return problems;
}

/** Checks that a test of the examples names every example folder. */
export function checkExamples(repository: Repository): string[] {
  const paths = [...repository.keys()].filter((path) => path.startsWith("examples/"));
  const tests = paths.filter((path) => path.endsWith(".test.ts")).map((path) => repository.get(path) ?? "");
  const folders = new Set(
    paths
      .map((path) => path.split("/"))
      .filter((parts) => parts.length > 2)
      .map((parts) => parts[1]),
  );
  return [...folders]
    .filter((folder) => !tests.some((text) => text.includes(`"${folder}`)))
    .map((folder) => `examples/${folder}: no test runs it`);
}
