import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type LocalRegistry, startLocalRegistry } from "../../test-support/servers/local-registry.ts";

const root = resolve(import.meta.dirname, "../../../..");
const run = promisify(execFile);
const scratch = mkdtempSync(join(tmpdir(), "nomaly-pack-"));
const app = join(scratch, "app");
const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`, NODE_OPTIONS: "" };

interface PackedFile {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}

let packed: PackedFile[] = [];
let registry: LocalRegistry | undefined;

/** Runs a program in the folder that has nothing but the installed packages. */
async function inApp(program: string, args: readonly string[]): Promise<string> {
  const { stdout } = await run(program, args, { cwd: app, env });
  return stdout;
}

beforeAll(async () => {
  const packing = ["pack", "--json", "--pack-destination", scratch, "-w", "packages/detect", "-w", "packages/platform"];
  packed = JSON.parse((await run("npm", packing, { cwd: root, env })).stdout) as PackedFile[];
  const manifest = JSON.parse(readFileSync(join(root, "packages/platform/package.json"), "utf8")) as {
    dependencies: Record<string, string>;
  };
  registry = await startLocalRegistry(Object.keys(manifest.dependencies).filter((name) => name !== "@nomaly/detect"));
  const archives = packed.map(({ filename }) => join(scratch, filename));
  const options = ["--registry", registry.url, "--cache", join(scratch, "cache"), "--no-audit", "--no-fund", "--ignore-scripts"];
  await run("npm", ["install", "--prefix", app, ...options, ...archives], { cwd: scratch, env });
});

afterAll(async () => {
  await registry?.close();
  rmSync(scratch, { recursive: true, force: true });
});

describe("packed and installed into an empty folder", () => {
  it("carries what runs, its README and licence, and no sources or tests", () => {
    for (const { files } of packed) {
      const paths = files.map(({ path }) => path);
      expect(paths).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE"]));
      expect(paths.filter((path) => /\.test\.|^src\/|tsbuildinfo|assembly/.test(path) || /(?<!\.d)\.ts$/.test(path))).toEqual([]);
    }
  });

  it("nomaly --help says how to use it", async () => {
    expect(await inApp("npx", ["--no-install", "nomaly", "--help"])).toMatch(/nomaly detect/);
  });

  it("nomaly detect finds the odd row of a small CSV file", async () => {
    const rows = Array.from({ length: 40 }, (_, row) => `${row === 17 ? 900 : 100 + ((row * 7) % 11)},${(row * 5) % 13}`);
    writeFileSync(join(app, "small.csv"), `power,age\n${rows.join("\n")}\n`);
    await inApp("npx", ["--no-install", "nomaly", "detect", "small.csv", "-a", "robust-z", "-o", "scored.csv"]);
    const [head, ...scored] = readFileSync(join(app, "scored.csv"), "utf8").trim().split("\n");
    expect(head).toBe("power,age,anomaly_score,is_anomaly,rank");
    const scores = scored.map((line) => Number(line.split(",")[2]));
    expect(scores).toHaveLength(40);
    expect(scores.indexOf(Math.max(...scores))).toBe(17);
  });

  it("the library imports, detects, saves and loads", async () => {
    const program = `
      import { detect, load } from "@nomaly/detect";
      const rows = Array.from({ length: 50 }, (_, i) => [i % 7, i === 20 ? 99 : i % 5]);
      const { model, scores } = await detect(rows, { detector: "robust-z" });
      const again = load(model.save()).score(rows);
      console.log(scores.indexOf(Math.max(...scores)), again.every((score, i) => score === scores[i]));`;
    writeFileSync(join(app, "use.mjs"), program);
    expect((await inApp(process.execPath, ["use.mjs"])).trim()).toBe("20 true");
  });

  it("worker threads start from the installed package", async () => {
    const program = `
      import { detect, close } from "@nomaly/detect";
      const values = Float64Array.from({ length: 400_000 }, (_, i) => (i * 7919) % 1009);
      const one = await detect({ values, columnCount: 4 }, { detector: "robust-z", threads: 1 });
      const two = await one.model.scoreAsync({ values, columnCount: 4 }, { threads: 2 });
      console.log(two.every((score, i) => score === one.scores[i]));
      await close();`;
    writeFileSync(join(app, "threads.mjs"), program);
    expect((await inApp(process.execPath, ["threads.mjs"])).trim()).toBe("true");
  });

  it("TypeScript finds the declarations", async () => {
    const program =
      'import { fit, type AnomalyModel } from "@nomaly/detect";\nexport const model: Promise<AnomalyModel> = fit([[1], [2]]);\n';
    writeFileSync(join(app, "use.ts"), program);
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    const options = [
      "--noEmit",
      "--strict",
      "--module",
      "nodenext",
      "--target",
      "es2022",
      "--lib",
      "es2024,dom",
      "--types",
      "",
      "use.ts",
    ];
    await inApp(process.execPath, [compiler, ...options]);
  });
});
