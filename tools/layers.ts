/** Checks every import of the packages against the table of tools/rules/layer-rules.ts. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, posix, resolve } from "node:path";
import { circlesOf } from "./rules/circles.ts";
import { type Layer, packageRules, type PackageRules } from "./rules/layer-rules.ts";
import { scanSource } from "./rules/source-scan.ts";

/** Larger circles of files that import one another are refused: nobody can read one such file by itself. */
const circleFileCountMax = 4;
/** Most sources in one folder, without its tests. */
const folderFileCountMax = 20;

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

/** @param files all sources of the package. @returns one line for each permission that none of them uses. */
export function checkPermissions(rules: PackageRules, files: ReadonlyMap<string, string>): string[] {
  const used = new Set<string>();
  for (const [path, text] of files) {
    const layer = layerOf(rules, path);
    for (const { specifier } of scanSource(path, text).imports) {
      const other = specifier.startsWith(".") ? layerOf(rules, targetOf(path, specifier))?.name : packageOf(specifier);
      used.add(`${layer?.name} > ${other}`);
      used.add(`${layer?.name} > ${specifier}`);
    }
  }
  return rules.layers.flatMap(({ name, may, packages = [] }) =>
    [...may.filter((other) => other !== "*"), ...packages]
      .filter((other) => !used.has(`${name} > ${other}`))
      .map((other) => `packages/${rules.folder}: layer "${name}" may import "${other}", and no file of it does`),
  );
}

/** `@scope/name/part` is of the package `@scope/name`; `node:fs` of `node:`. */
function packageOf(specifier: string): string {
  if (specifier.startsWith("node:")) return "node:";
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}

/** @returns one line for each circle of files and each folder that is too large. */
export function checkShape(rules: PackageRules, files: ReadonlyMap<string, string>): string[] {
  const imports = new Map<string, string[]>();
  const folders = new Map<string, number>();
  for (const [path, text] of files) {
    const targets = scanSource(path, text).imports.filter(({ specifier }) => specifier.startsWith("."));
    imports.set(
      path,
      targets.map(({ specifier }) => targetOf(path, specifier)),
    );
    folders.set(posix.dirname(path), (folders.get(posix.dirname(path)) ?? 0) + 1);
  }
  const circles = circlesOf(imports).filter((circle) => circle.length > circleFileCountMax);
  const large = [...folders].filter(([, fileCount]) => fileCount > folderFileCountMax);
  return [
    ...circles.map((circle) => `packages/${rules.folder}: ${circle.length} files import one another: ${circle.join(" ")}`),
    ...large.map(([folder, fileCount]) => {
      return `packages/${rules.folder}/src/${folder}: ${fileCount} sources, at most ${folderFileCountMax} are looked through`;
    }),
  ];
}

/** The built twin of a source file, named beside it where a worker starts, stands for the source. */
function targetOf(path: string, specifier: string): string {
  return posix.normalize(posix.join(posix.dirname(path), specifier)).replace(/\.js$/, ".ts");
}

function layerOf(rules: PackageRules, path: string): Layer | undefined {
  return rules.layers.find((layer) => layer.files.test(path));
}

function refuseImport(rules: PackageRules, layer: Layer, path: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return undefined;
  if (!specifier.startsWith(".")) return refusePackage(rules, layer, path, specifier);
  const source = targetOf(path, specifier);
  if (source === "../package.json") return undefined;
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
    .filter((path) => /\.tsx?$/.test(path) && !path.endsWith(".test.ts") && !/(^|\/)(assembly|generated)\//.test(path))
    .sort();
  return new Map(paths.map((path) => [path, readFileSync(join(source, path), "utf8")]));
}

if (process.argv[1] === import.meta.filename) {
  const problems = packageRules.flatMap((rules) => {
    const files = sourcesOf(rules.folder);
    return [...checkPackage(rules, files), ...checkPermissions(rules, files), ...checkShape(rules, files)];
  });
  for (const problem of problems) console.error(problem);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
