/** Bundles the built package the way its users do. */

import { mkdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build as buildWithEsbuild } from "esbuild";
import { build as buildWithVite } from "vite";

const root = resolve(import.meta.dirname, "../../..");

export type Bundler = "vite" | "esbuild";

/** Builds a folder with `index.html` and `main.ts` into another folder, ready to be served. */
export async function bundlePage(bundler: Bundler, page: string, output: string): Promise<void> {
  if (bundler === "vite") {
    await buildWithVite({
      root: page,
      base: "./",
      configFile: false,
      logLevel: "error",
      build: { outDir: output, emptyOutDir: true, target: "es2022" },
      worker: { format: "es" },
    });
    return;
  }
  // esbuild does not follow workers: they are an entry of their own, put where the library looks for them.
  await buildWithEsbuild({
    entryPoints: { "assets/main": join(page, "main.ts"), worker: "@nomaly/detect/worker" },
    absWorkingDir: root,
    bundle: true,
    format: "esm",
    outdir: output,
    logLevel: "error",
  });
  mkdirSync(output, { recursive: true });
  writeFileSync(join(output, "index.html"), '<!doctype html><script type="module" src="./assets/main.js"></script>');
}

export interface BundleSize {
  /** Size as browsers get it from servers that compress ahead of time. */
  readonly brotliBytes: number;
  readonly gzipBytes: number;
}

/** Compressed sizes of a minified bundle of the given module text. */
export async function bundleSize(moduleText: string): Promise<BundleSize> {
  const result = await buildWithEsbuild({
    stdin: { contents: moduleText, resolveDir: root, loader: "ts" },
    bundle: true,
    minify: true,
    format: "esm",
    write: false,
    logLevel: "error",
  });
  const { contents } = result.outputFiles[0];
  return { brotliBytes: brotliCompressSync(contents).length, gzipBytes: gzipSync(contents, { level: 9 }).length };
}
