/** Holds every import of the packages against the table of tools/rules/layer-rules.ts. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { type Layer, packageRules, type PackageRules } from "./rules/layer-rules.ts";
import { scanSource } from "./rules/source-scan.ts";

const root = resolve(import.meta.dirname, "..");

/** @returns one line for each import or global that the rules refuse. */
export function checkPackage(rules: PackageRules, files: ReadonlyMap<string, string>): string[] {
  const problems: string[] = [];
  for (const [path, text] of files) {
    const layer = layerOf(rules, path);
    const place = (line: number) => `packages/${rules.folder}/src/${path}:${line}`;
    if (layer === undefined) {
      problems.push(`${place(1)}: no layer of tools/rules/layer-rules.ts takes this file`);
      continue;
    }
    const scan = scanSource(path, text);
    for (const { specifier, line } of scan.imports) {
      const problem = refuseImport(rules, layer, path, specifier);
      if (problem !== undefined) problems.push(`${place(line)}: ${problem}`);
    }
    if (rules.hostFiles.includes(path)) continue;
    for (const { name, line } of scan.identifiers) {
      if (rules.bannedGlobals.includes(name)) problems.push(`${place(line)}: names the global "${name}"`);
    }
  }
  return problems;
}

function layerOf(rules: PackageRules, path: string): Layer | undefined {
  return rules.layers.find((layer) => layer.files.test(path));
}

function refuseImport(rules: PackageRules, layer: Layer, path: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return undefined;
  if (!specifier.startsWith(".")) return refusePackage(rules, layer, path, specifier);
  const target = posix.normalize(posix.join(posix.dirname(path), specifier));
  if (target === "../package.json") return undefined;
  // The built twin of a source file, named beside it where a worker starts.
  const source = target.replace(/\.js$/, ".ts");
  const other = layerOf(rules, source);
  if (other === undefined) return `imports ${source}, which no layer takes`;
  if (other !== layer) {
    const allowed = layer.may.includes("*") || layer.may.includes(other.name);
    return allowed ? undefined : `layer "${layer.name}" may not import "${other.name}" (${specifier})`;
  }
  if (layer.separate === true && folderOf(layer, path) !== folderOf(layer, source)) {
    return `"${layer.name}" do not know each other (${specifier})`;
  }
  return undefined;
}

function refusePackage(rules: PackageRules, layer: Layer, path: string, specifier: string): string | undefined {
  if (specifier.startsWith("node:") && rules.hostFiles.includes(path)) return undefined;
  const allowed = (layer.packages ?? []).some((name) =>
    name.endsWith(":") ? specifier.startsWith(name) : specifier === name || specifier.startsWith(`${name}/`),
  );
  return allowed ? undefined : `layer "${layer.name}" may not import the package "${specifier}"`;
}

function folderOf(layer: Layer, path: string): string {
  return layer.files.exec(path)?.[0] ?? "";
}

/** Sources by path relative to the package's `src`; tests, and what compiles to WebAssembly, follow other rules. */
function sourcesOf(folder: string): Map<string, string> {
  const source = join(root, "packages", folder, "src");
  if (!existsSync(source)) return new Map();
  const paths = readdirSync(source, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.endsWith(".test.ts") && !/(^|\/)(assembly|generated)\//.test(path))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(source, path), "utf8")]));
}

if (process.argv[1] === import.meta.filename) {
  const problems = packageRules.flatMap((rules) => checkPackage(rules, sourcesOf(rules.folder)));
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
