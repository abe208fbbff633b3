import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { build } from "esbuild";
import { createServer } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, serveFolder } from "../../test-support/browser.ts";

const library = resolve(import.meta.dirname, "../..");
const folder = mkdtempSync(join(tmpdir(), "nomaly-lost-worker-"));
const browser = await launchBrowser();
/** Scores the same rows on one thread and on several, twice, and says whether the scores agree and how many threads it had then. */
const program = `
import { close, detect, threadCount } from "@nomaly/detect";
const columnCount = 4;
const values = Float64Array.from({ length: columnCount * 120_000 }, (_, at) => (at * 7919) % 1009);
export async function report() {
  const { model, scores } = await detect({ values, columnCount }, { detector: "robust-z", threads: 1 });
  const asked = await model.scoreAsync({ values, columnCount }, { threads: 2 });
  const auto = await model.scoreAsync({ values, columnCount });
  await close();
  const agree = scores.every((score, row) => asked[row] === score && auto[row] === score);
  return { agree, threads: threadCount() };
}
`;

beforeAll(() => {
  // Installed as from npm: bundlers treat what is linked as sources.
  const installed = join(folder, "node_modules/@nomaly/detect");
  mkdirSync(installed, { recursive: true });
  cpSync(join(library, "dist"), join(installed, "dist"), { recursive: true });
  cpSync(join(library, "package.json"), join(installed, "package.json"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "report.js"), program);
  writeFileSync(
    join(folder, "node-entry.js"),
    'import { report } from "./report.js";\nreport().then((it) => console.log(JSON.stringify(it)));',
  );
  writeFileSync(join(folder, "page.js"), 'import { report } from "./report.js";\nglobalThis.report = report();');
  writeFileSync(join(folder, "index.html"), '<!doctype html><script type="module" src="./page.js"></script>');
});

afterAll(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true, force: true });
});

interface Outcome {
  readonly report: { readonly agree: boolean; readonly threads: number };
  /** Lines that tell of the one thread. */
  readonly warnings: readonly string[];
}

const warningsIn = (lines: readonly string[]) => lines.filter((line) => line.includes("NOMALY_ONE_THREAD"));

async function bundledForNode(format: "esm" | "cjs", external: readonly string[]): Promise<Outcome> {
  const outfile = join(folder, `bundle-${format}-${external.length}.${format === "esm" ? "mjs" : "cjs"}`);
  const entryPoints = [join(folder, "node-entry.js")];
  const options = { bundle: true, platform: "node", logLevel: "error", logOverride: { "empty-import-meta": "silent" } } as const;
  await build({ ...options, entryPoints, outfile, format, external: [...external], absWorkingDir: folder });
  return new Promise((done, fail) => {
    execFile(process.execPath, [outfile], { env: { ...process.env, NODE_OPTIONS: "" } }, (error, stdout, stderr) => {
      if (error !== null) return fail(error);
      done({ report: JSON.parse(stdout) as Outcome["report"], warnings: warningsIn(stderr.split("\n")) });
    });
  });
}

/** Opens a page that may share memory between threads. */
async function visit(url: string): Promise<Outcome & { readonly workerCount: number }> {
  if (browser === undefined) throw new Error("internal: no browser");
  const page = await browser.newPage();
  const lines: string[] = [];
  let workerCount = 0;
  page.on("console", (message) => lines.push(message.text()));
  page.on("worker", () => workerCount++);
  try {
    await page.goto(url);
    await page.waitForFunction(() => "report" in globalThis);
    const report = await page.evaluate(() => (globalThis as unknown as { report: Promise<Outcome["report"]> }).report);
    return { report, warnings: warningsIn(lines), workerCount };
  } finally {
    await page.close();
  }
}

/** Bundled by esbuild, with or without the worker as an entry of its own. */
async function bundledForBrowsers(entries: Readonly<Record<string, string>>): ReturnType<typeof visit> {
  const outdir = join(folder, `page-${Object.keys(entries).length}`);
  const entryPoints = { "assets/page": join(folder, "page.js"), ...entries };
  await build({ entryPoints, outdir, bundle: true, format: "esm", logLevel: "error", absWorkingDir: folder });
  writeFileSync(join(outdir, "index.html"), '<!doctype html><script type="module" src="./assets/page.js"></script>');
  const server = await serveFolder(outdir, { isolated: true });
  try {
    return await visit(`${server.url}/`);
  } finally {
    await server.close();
  }
}

async function onViteDevServer(exclude: readonly string[]): ReturnType<typeof visit> {
  const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };
  const server = await createServer({
    root: folder,
    cacheDir: join(folder, `.vite-${exclude.length}`),
    configFile: false,
    logLevel: "error",
    server: { host: "127.0.0.1", port: 0, headers },
    optimizeDeps: { exclude: [...exclude] },
  });
  try {
    await server.listen();
    return await visit(server.resolvedUrls?.local[0] ?? "");
  } finally {
    await server.close();
  }
}

describe("where a bundler left the worker's file behind, one thread gives the same scores, with one warning", () => {
  it.each(["esm", "cjs"] as const)("bundled for Node by esbuild as %s", async (format) => {
    const { report, warnings } = await bundledForNode(format, []);
    expect(report).toEqual({ agree: true, threads: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("all work is done on one thread. Where a bundler left the worker's file behind");
    expect(warnings[0]).toContain("--external:@nomaly/detect");
  });

  it.skipIf(browser === undefined)("bundled for browsers by esbuild (needs Chromium)", async () => {
    const { report, warnings } = await bundledForBrowsers({});
    expect(report).toEqual({ agree: true, threads: 1 });
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("@nomaly/detect/worker as an entry of its own");
    expect(warnings[0]).toContain('optimizeDeps: { exclude: ["@nomaly/detect"] }');
  });
});

describe("with the line that the documentation gives, the threads stay, without a warning", () => {
  it("for esbuild, external", async () => {
    const { report, warnings } = await bundledForNode("esm", ["@nomaly/detect"]);
    expect(report.agree).toBe(true);
    expect(report.threads).toBeGreaterThan(1);
    expect(warnings).toEqual([]);
  });

  it.skipIf(browser === undefined).each([
    ["esbuild, the worker as an entry of its own", () => bundledForBrowsers({ worker: "@nomaly/detect/worker" })],
    ["the dev server of Vite, optimizeDeps.exclude", () => onViteDevServer(["@nomaly/detect"])],
    ["the dev server of Vite as installed here, nothing", () => onViteDevServer([])],
  ])("for %s (needs Chromium)", async (_, open) => {
    const { report, warnings, workerCount } = await open();
    expect(report.agree).toBe(true);
    expect(report.threads).toBeGreaterThan(1);
    expect(workerCount).toBeGreaterThan(1);
    expect(warnings).toEqual([]);
  });
});
