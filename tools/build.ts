/**
 * Builds the packages into their `dist`: WebAssembly first, then JavaScript with declarations, then the dashboard, whose files become part of
 * the service. Does only what changed.
 */

import { spawnSync } from "node:child_process";
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { buildSync } from "esbuild";
import { build as buildPage } from "vite";
import { buildWasm } from "./build-wasm.ts";
import { writeHoverTexts } from "./hover-texts.ts";

const root = resolve(import.meta.dirname, "..");
/** In the order of dependence: platform reads detect's declarations. */
const packageNames = ["detect", "platform"] as const;
const compiler = join(root, "node_modules/typescript/bin/tsc");

/** A worker or asset named by URL: the compiler rewrites imports only, so the build changes the extension afterwards. */
const sourceUrl = /(new URL\(\s*"\.[^"]*)\.ts("\s*,\s*import\.meta\.url)/g;

/** The one file that Node's workers start from, since each would read a hundred files anew. */
const workerBundle = "worker-bundle.js";

/** @returns false when the compiler found errors; it writes its output all the same. */
export async function build(force = false): Promise<boolean> {
  if (force) for (const name of packageNames) rmSync(join(root, "packages", name, "dist"), { recursive: true, force: true });
  await buildWasm(force);
  let sound = true;
  for (const name of packageNames) {
    const folder = join(root, "packages", name);
    sound = buildPackage(folder) && sound;
    if (name === "detect" && sound) await writeHoverTexts(join(folder, "dist"));
  }
  await buildDashboard();
  return sound;
}

/** Vite takes a second, so it always runs. */
async function buildDashboard(): Promise<void> {
  const folder = join(root, "packages/dashboard");
  const served = join(root, "packages/platform/dist/dashboard");
  await buildPage({ configFile: join(folder, "vite.config.ts") });
  rmSync(served, { recursive: true, force: true });
  cpSync(join(folder, "dist"), served, { recursive: true });
}

function buildPackage(folder: string): boolean {
  const source = join(folder, "src");
  const output = join(folder, "dist");
  if (!existsSync(source) || filesUnder(source).length === 0) return true;
  removeOrphans(source, output);
  const project = join(folder, "tsconfig.build.json");
  const { status } = spawnSync(process.execPath, [compiler, "-p", project], { cwd: root, stdio: "inherit" });
  mendUrls(output);
  bundleWorker(output);
  copyAssets(source, output);
  return status === 0;
}

/** Removes output whose source is gone: it would be packed and published. */
function removeOrphans(source: string, output: string): void {
  for (const path of filesUnder(output)) {
    const match = /^(.*)(\.d\.ts|\.js)$/.exec(path);
    if (
      match === null ||
      path === workerBundle ||
      path.startsWith("dashboard/") ||
      existsSync(join(source, path)) ||
      existsSync(join(source, `${match[1]}.ts`))
    )
      continue;
    rmSync(join(output, path));
    // The compiler writes a file again only if it believes it missing: forget what it wrote, in case the source comes back.
    rmSync(join(output, ".tsbuildinfo"), { force: true });
  }
}

function mendUrls(output: string): void {
  for (const path of filesUnder(output).filter((name) => name.endsWith(".js"))) {
    const file = join(output, path);
    const text = readFileSync(file, "utf8");
    const mended = text.replace(sourceUrl, "$1.js$2");
    if (mended !== text) writeFileSync(file, mended);
  }
}

function bundleWorker(output: string): void {
  const entry = join(output, "worker.js");
  if (!existsSync(entry)) return;
  buildSync({ entryPoints: [entry], outfile: join(output, workerBundle), bundle: true, format: "esm", platform: "node" });
}

/** Copies every file among the sources that is neither TypeScript nor documentation. */
function copyAssets(source: string, output: string): void {
  for (const path of filesUnder(source)) {
    if (/\.(ts|md)$/.test(path)) continue;
    mkdirSync(dirname(join(output, path)), { recursive: true });
    copyFileSync(join(source, path), join(output, path));
  }
}

/** Paths of all files below, relative to the folder, in a fixed order. */
function filesUnder(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile())
    .sort();
}

if (process.argv[1] === import.meta.filename) process.exitCode = (await build(process.argv.includes("--force"))) ? 0 : 1;
