import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const packageFolder = resolve(import.meta.dirname, "../..");
mkdirSync(folder.file("tmp"));
const csv = folder.write("plant.csv", toCsv(Array.from({ length: 100 }, plantRows).flat()));

const wide = folder.write("wide.csv", wideCsv(50, 3000));

/** Fractions without a pattern. */
function wideCsv(rowCount: number, columnCount: number): string {
  let state = 1;
  const fraction = () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
  const names = Array.from({ length: columnCount }, (_, column) => `c${column}`);
  const rows = Array.from({ length: rowCount }, () => names.map(() => fraction().toFixed(6)).join(","));
  return [names.join(","), ...rows, ""].join("\n");
}

interface Exit {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A process of its own, with an empty folder for its temporary files. */
function nomaly(words: readonly string[], act?: (child: ReturnType<typeof spawn>) => void): Promise<Exit> {
  const main = join(packageFolder, "src/main/cli.ts");
  const child = spawn(process.execPath, ["--conditions=source", main, ...words], {
    env: { ...process.env, TMPDIR: folder.file("tmp") },
  });
  return exitOf(child, act);
}

function exitOf(child: ReturnType<typeof spawn>, act?: (child: ReturnType<typeof spawn>) => void): Promise<Exit> {
  let [stdout, stderr] = ["", ""];
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  act?.(child);
  return new Promise((done) => child.on("close", (code) => done({ code, stdout, stderr })));
}

describe("the process", () => {
  it("exits as documented, and leaves no temporary files", async () => {
    const good = await nomaly(["detect", csv, "--label", "label", "-o", folder.file("out.parquet")]);
    expect([good.code, good.stderr]).toEqual([0, ""]);
    expect(good.stdout).toMatch(/anomalies/);
    expect((await nomaly(["detect", "nowhere.csv"])).code).toBe(3);
    expect((await nomaly(["detect", csv, "--no-such"])).code).toBe(2);
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
    expect(folder.exists("out.parquet")).toBe(true);
  });

  it("stops on Ctrl-C in the middle: exit 130, one line, no output, no temporary files", async () => {
    const before = folder.names();
    // Waits on standard input for ever; the first bytes have come by the time the signal does.
    const result = await nomaly(["detect", "-", "-o", folder.file("stopped.csv")], (child) => {
      child.stdin?.write("a,b\n1,2\n");
      const timer = setInterval(() => {
        if (!folder.names().some((name) => name.includes("stopped.csv"))) return;
        clearInterval(timer);
        child.kill("SIGINT");
      }, 20);
    });
    expect(result.code).toBe(130);
    expect(result.stderr).toMatch(/^nomaly: ABORTED: [^\n]*\n$/);
    expect(folder.names()).toEqual(before);
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  });

  it("stops on Ctrl-C while it computes", async () => {
    const before = folder.names();
    const result = await nomaly(
      ["detect", csv, "--label", "label", "-a", "isolation-forest", "--set", "n_estimators=10000", "-o", folder.file("s.csv")],
      (child) => {
        const timer = setInterval(() => {
          if (!folder.names().some((name) => name.includes("s.csv."))) return;
          clearInterval(timer);
          setTimeout(() => child.kill("SIGINT"), 400);
        }, 20);
      },
    );
    expect(result.code).toBe(130);
    expect(folder.names()).toEqual(before);
  });

  it("fits pca on 50 rows of 3000 columns within seconds", async () => {
    const start = performance.now();
    const result = await nomaly(["detect", wide, "-a", "pca", "-o", folder.file("wide-scores.csv")]);
    expect([result.code, result.stderr]).toEqual([0, ""]);
    // Two seconds on a free machine; by way of 3000 x 3000 products it would be minutes.
    expect(performance.now() - start).toBeLessThan(30_000);
    expect(folder.read("wide-scores.csv").trim().split("\n").length).toBe(51);
  });

  it("stops within two seconds of Ctrl-C in the middle of the algebra of 3000 columns", async () => {
    const before = folder.names();
    let signalledAt = 0;
    const result = await nomaly(["detect", wide, "-a", "gmm", "-o", folder.file("algebra.csv")], (child) => {
      const timer = setInterval(() => {
        if (!folder.names().some((name) => name.includes("algebra.csv."))) return;
        clearInterval(timer);
        setTimeout(() => {
          signalledAt = performance.now();
          child.kill("SIGINT");
        }, 2000);
      }, 20);
    });
    expect(result.code).toBe(130);
    expect(performance.now() - signalledAt).toBeLessThan(2000);
    expect(folder.names()).toEqual(before);
  });

  it("refuses mcd on fewer rows than columns by their numbers", async () => {
    const result = await nomaly(["detect", wide, "-a", "mcd"]);
    expect(result.code).toBe(3);
    expect(result.stderr).toMatch(/^nomaly: TOO_FEW_ROWS: [^\n]*50 rows of 3000 columns[^\n]*\n$/);
  });

  it("stops on Ctrl-C while it waits for whoever writes into a named pipe", async () => {
    execFileSync("mkfifo", [folder.file("pipe")]);
    const result = await nomaly(["detect", folder.file("pipe")], (child) => {
      const timer = setInterval(() => {
        if (readdirSync(folder.file("tmp")).length === 0) return;
        clearInterval(timer);
        child.kill("SIGINT");
      }, 20);
    });
    expect(result).toMatchObject({ code: 130, stderr: expect.stringMatching(/^nomaly: ABORTED: /) });
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  });

  it("ends by the signal itself when Ctrl-C comes twice, without temporary files", async () => {
    const program =
      "setInterval(() => undefined, 1000); process.kill(process.pid, 'SIGINT'); process.kill(process.pid, 'SIGINT');";
    const preload = `data:text/javascript,${encodeURIComponent(`setTimeout(() => { ${program} }, 700)`)}`;
    const child = spawn(
      process.execPath,
      ["--import", preload, "--conditions=source", join(packageFolder, "src/main/cli.ts"), "detect", "-"],
      { env: { ...process.env, TMPDIR: folder.file("tmp") } },
    );
    child.stdin.write("a,b\n");
    const signal = await new Promise((done) => child.on("close", (_code, name) => done(name)));
    expect(signal).toBe("SIGINT");
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  });

  it("takes it calmly when its reader stops early, as head does", async () => {
    const result = await nomaly(["detect", csv, "--label", "label", "-o", "-"], (child) => child.stdout?.destroy());
    expect([result.code, result.stderr.includes("EPIPE"), result.stderr.includes("INTERNAL")]).toEqual([0, false, false]);
  });

  it("writes no colours into a pipe", async () => {
    expect((await nomaly(["detectors"])).stdout).not.toContain("\u001b");
  });

  it("shows its help without loading the library", async () => {
    const refuse = "resolve(name,context,next){if(name.startsWith('@nomaly/detect'))throw Error(name);return next(name,context)}";
    const watch = `data:text/javascript,import{registerHooks}from'node:module';registerHooks({${refuse}})`;
    const helpOf = (words: readonly string[]) =>
      exitOf(spawn(process.execPath, ["--import", watch, join(packageFolder, "bin/nomaly.js"), ...words]));
    for (const words of [["--help"], ["serve", "--help"]]) {
      const { code, stderr } = await helpOf(words);
      expect({ words, code, stderr }).toEqual({ words, code: 0, stderr: "" });
    }
    // What does need it is refused here.
    expect((await helpOf(["detectors"])).code).not.toBe(0);
  });

  it("tells a Node that is too old in one line", async () => {
    const pretend = "data:text/javascript,Object.defineProperty(process,'versions',{value:{node:'18.20.0'}})";
    const child = spawn(process.execPath, ["--import", pretend, join(packageFolder, "bin/nomaly.js"), "--help"]);
    const result = await exitOf(child);
    expect(result).toEqual({
      code: 2,
      stdout: "",
      stderr: "nomaly: USAGE: Node 22.19 or newer is needed, this is 18.20.0; see https://nodejs.org\n",
    });
  });
});
