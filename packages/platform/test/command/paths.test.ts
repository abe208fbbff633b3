import { execFile, execFileSync } from "node:child_process";
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const csv = folder.write("plant.csv", toCsv(plantRows()));
const main = resolve(import.meta.dirname, "../../src/main/cli.ts");

/** Runs a shell line in which `nomaly` is the command. */
async function shell(line: string): Promise<string> {
  const program = `nomaly() { "${process.execPath}" --conditions=source "${main}" "$@"; }; ${line}`;
  return (await promisify(execFile)("bash", ["-c", program], { cwd: folder.path })).stdout;
}

describe("a path to write to", () => {
  it.each([
    ["-o", "rows.csv", ["detect", csv]],
    ["--report", "page.html", ["detect", csv]],
    ["-m", "plant.nomaly", ["fit", csv]],
  ])("%s follows a symbolic link, and leaves it one", async (option, name, words) => {
    mkdirSync(folder.file(`real-${name}`));
    const real = join(folder.file(`real-${name}`), name);
    symlinkSync(join(`real-${name}`, name), folder.file(name));
    for (const before of ["dangling", "existing"]) {
      const result = await runInProcess([...words, option, folder.file(name)]);
      expect([before, result.code, result.stderr]).toEqual([before, 0, ""]);
      expect(lstatSync(folder.file(name)).isSymbolicLink()).toBe(true);
      expect(statSync(real).size).toBeGreaterThan(500);
    }
    expect(readlinkSync(folder.file(name))).toBe(join(`real-${name}`, name));
  });

  it("keeps the mode of the file that it replaces", async () => {
    const out = folder.write("private.csv", "old\n");
    chmodSync(out, 0o600);
    expect((await runInProcess(["detect", csv, "-o", out])).code).toBe(0);
    expect(statSync(out).mode & 0o777).toBe(0o600);
    expect(folder.read("private.csv")).toMatch(/^speed,power/);
  });

  it("may be /dev/stdout, into a file too", async () => {
    await shell(`nomaly detect plant.csv -o /dev/stdout > redirected.csv`);
    const lines = folder.read("redirected.csv").trim().split("\n");
    expect([lines.length, lines[0]]).toEqual([201, "speed,power,site,label,anomaly_score,is_anomaly,rank"]);
    expect(await shell(`nomaly detect plant.csv -o /dev/fd/3 3>&1 >/dev/null | head -1`)).toMatch(/^speed,power.*rank\n$/);
    expect(lstatSync("/dev/stdout").isSymbolicLink()).toBe(true);
  });
});

describe("two paths to one file are refused, before anything is written", () => {
  const copy = folder.write("copy.csv", readFileSync(csv));
  linkSync(copy, folder.file("hard.csv"));
  symlinkSync("copy.csv", folder.file("soft.csv"));
  const around = join(folder.path, ".", "..", folder.path.split("/").at(-1) ?? "", "new.csv");

  it.each([
    ["the report is the input", ["detect", copy, "--report", copy]],
    ["the report is the input by a hard link", ["detect", copy, "--report", folder.file("hard.csv")]],
    ["the model is the input by a symbolic link", ["fit", copy, "-m", folder.file("soft.csv")]],
    ["the report is the output", ["detect", copy, "-o", folder.file("new.csv"), "--report", around]],
  ])("%s", async (_, words) => {
    const result = await runInProcess(words);
    expect(result).toMatchObject({ code: 2, stdout: "", stderr: expect.stringMatching(/USAGE: .* are the same file, /) });
    expect(folder.read("copy.csv")).toBe(folder.read("plant.csv"));
    expect(folder.exists("new.csv")).toBe(false);
  });

  it("the output or the report is the model", async () => {
    const model = folder.file("kept.nomaly");
    await runInProcess(["fit", csv, "-m", model]);
    const before = readFileSync(model);
    for (const option of ["-o", "--report"]) {
      const words = ["score", csv, "-m", model, option, model, "--output-format", "csv"];
      expect((await runInProcess(words)).stderr).toMatch(/USAGE: .* are the same file, /);
    }
    expect(readFileSync(model)).toEqual(before);
  });
});

it.each([
  ["detect", csv, "-o", "-", "--json"],
  ["detect", csv, "-o", "/dev/stdout", "--json"],
  ["detect", csv, "--report", "-", "--json"],
  ["detect", csv, "-o", "-", "--report", "-"],
  ["fit", csv, "-m", "-", "--json"],
])("%s %s %s %s %s: two things want standard output, which is refused", async (...words) => {
  expect(await runInProcess(words)).toMatchObject({
    code: 2,
    stdout: "",
    stderr: expect.stringMatching(/both want standard output/),
  });
});

describe("a path to read from", () => {
  it("may be a pipe", async () => {
    expect(await shell(`nomaly detect <(cat plant.csv) --label label -o - 2>/dev/null | wc -l`)).toMatch(/201/);
    execFileSync("mkfifo", [folder.file("fifo")]);
    const out = await shell(`cat plant.csv > fifo & nomaly detect fifo --format csv --json; wait`);
    expect(JSON.parse(out)).toMatchObject({ row_count: 200 });
  });

  it.each([
    ["a name that is too long", "x".repeat(300), /FILE_READ: .* the name is too long/],
    ["links in a circle", "circle", /FILE_READ: .* its symbolic links lead in a circle/],
    ["a file on the way", "plant.csv/below", /FILE_(READ|NOT_FOUND): /],
  ])("with %s is told as a coded error, and so is one to write to", async (_, name, says) => {
    if (name === "circle") symlinkSync("circle", folder.file("circle"));
    const path = folder.file(name);
    const read = await runInProcess(["detect", path]);
    expect([read.code, read.stderr]).toEqual([3, expect.stringMatching(says)]);
    const model = await runInProcess(["score", csv, "-m", path]);
    expect([model.code, model.stderr]).toEqual([3, expect.stringMatching(says)]);
    const written = await runInProcess(["detect", csv, "-o", path, "--output-format", "csv"]);
    expect([written.code, written.stderr]).toEqual([4, expect.stringMatching(/FILE_WRITE: /)]);
  });
});

it("scores alike on any number of threads, with rows enough for several", async () => {
  const rows = Array.from({ length: 30_000 }, (_, row) => [0, 1, 2, 3].map((column) => Math.sin(row * (column + 1.7))).join(","));
  writeFileSync(folder.file("many.csv"), `a,b,c,d\n${rows.join("\n")}\n`);
  for (const algorithm of ["isolation-forest", "knn"]) {
    const outputs = [];
    for (const threads of ["1", "3"]) {
      const out = folder.file(`threads-${threads}.csv`);
      await runInProcess(["detect", folder.file("many.csv"), "-a", algorithm, "--threads", threads, "-o", out]);
      outputs.push(readFileSync(out, "utf8"));
    }
    expect(outputs[0].split("\n")).toHaveLength(30_002);
    expect(outputs[1] === outputs[0]).toBe(true);
  }
});
