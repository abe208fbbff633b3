import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const good = folder.write("good.csv", toCsv(plantRows()));
const goodText = readFileSync(good, "utf8");

interface Case {
  readonly what: string;
  /** Written before the run; its path replaces FILE in the arguments. */
  readonly content?: string | Uint8Array;
  readonly name?: string;
  readonly words: readonly string[];
  readonly exit: number;
  readonly says: RegExp;
}

const manyRows = (count: number) => Array.from({ length: count }, (_, row) => `${row % 7},${row % 5}`).join("\n");

const cases: readonly Case[] = [
  { what: "a missing file", words: ["detect", "nowhere.csv"], exit: 3, says: /FILE_NOT_FOUND: there is no file nowhere\.csv/ },
  { what: "a folder", words: ["detect", folder.path], exit: 3, says: /FILE_READ: .* is a folder/ },
  { what: "an empty file", content: "", words: ["detect", "FILE"], exit: 3, says: /FILE_FORMAT: FILE is empty/ },
  { what: "a header without rows", content: "a,b\n", words: ["detect", "FILE"], exit: 3, says: /TOO_FEW_ROWS: FILE has no rows/ },
  {
    what: "one row",
    content: "a,b\n1,2\n",
    words: ["detect", "FILE"],
    exit: 3,
    says: /TOO_FEW_ROWS: FILE: .* at least 2 rows .* got 1/,
  },
  {
    what: "no numeric column",
    content: `name\n${Array.from({ length: 30 }, (_, row) => `text ${row}`).join("\n")}\n`,
    words: ["detect", "FILE"],
    exit: 3,
    says: /COLUMN: FILE: no column is left to learn from .*"name"/,
  },
  {
    what: "every column left out",
    content: "a,b\n1,2\n3,4\n",
    words: ["detect", "FILE", "--exclude", "a", "--label", "b"],
    exit: 3,
    says: /COLUMN: FILE: no column is left to learn from; left out: a, b/,
  },
  {
    what: "only a constant column",
    content: "a\n5\n5\n5\n5\n",
    words: ["detect", "FILE"],
    exit: 3,
    says: /COLUMN: FILE: .*"a".* nothing to learn/,
  },
  {
    what: "NaN, where missing values are refused",
    content: `a,b\n${manyRows(30)}\nNaN,4\n`,
    words: ["detect", "FILE", "--missing", "refuse"],
    exit: 3,
    says: /FILE: column "a" has 1 missing value, the first in row 31; .*--missing auto or --missing median$/m,
  },
  {
    what: "infinity, where missing values are refused",
    content: `a,b\n${manyRows(30)}\ninf,4\n`,
    words: ["detect", "FILE", "--missing", "refuse"],
    exit: 3,
    says: /NOT_FINITE: FILE: column "a" is Infinity in row 31/,
  },
  {
    what: "text in a numeric column",
    content: `a,b\n${manyRows(30)}\noops,4\n`,
    words: ["detect", "FILE"],
    exit: 3,
    says: /COLUMN: FILE: column "a" .*"oops" in row 31/,
  },
  {
    what: "text in a numeric column far down",
    content: `a,b\n${manyRows(25_000)}\noops,4\n`,
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 25002: column "a" holds "oops" where a number is expected/,
  },
  {
    what: "a row that is too short",
    content: "a,b\n1,2\n3\n4,5\n",
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 3: 2 values expected, .* 1 came/,
  },
  {
    what: "a row that is too long",
    content: "a,b\n1,2\n3,4,5\n6,7\n",
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 3: 2 values expected/,
  },
  {
    what: "the wrong delimiter",
    content: toCsv(plantRows(), ";"),
    words: ["detect", "FILE", "--delimiter", ","],
    exit: 3,
    says: /FILE_FORMAT: FILE: cut at "," everything falls into one column, but .* --delimiter ";"/,
  },
  {
    what: "a delimiter that is not recognised",
    content: toCsv(plantRows(), "^"),
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: .* pass --delimiter "\^"/,
  },
  {
    what: "a huge field",
    content: `a,b\n1,${"x".repeat(3_000_000)}\n2,y\n`,
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 2: the line is longer than/,
  },
  {
    what: "a quote that is never closed",
    content: 'a,b\n1,"x\n2,y\n3,z\n',
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 2: a quote is opened/,
  },
  {
    what: "invalid UTF-8",
    content: Buffer.concat([Buffer.from("a,b\n1,\u00e9\n2,"), Buffer.from([0xff, 0xc0]), Buffer.from("\n3,z\n")]),
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE line 3: the bytes are not valid UTF-8/,
  },
  {
    what: "UTF-16 with half a letter",
    content: Buffer.concat([Buffer.from("\ufeffa,b\n1,2\n", "utf16le"), Buffer.from([0x00, 0xd8, 0x31, 0x00])]),
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE has bytes that are not utf-16le/,
  },
  {
    what: "binary content",
    content: Buffer.from([1, 0, 2, 0, 3]),
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE is not text/,
  },
  {
    what: "truncated gzip",
    name: "cut.csv.gz",
    content: gzipSync(Array.from({ length: 5000 }, (_, row) => `${Math.sin(row)},${Math.cos(row)}`).join("\n")).subarray(
      0,
      20_000,
    ),
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_READ: FILE ends in the middle: the gzip data is truncated/,
  },
  {
    what: "a name that promises gzip",
    name: "plain.csv.gz",
    content: "a,b\n1,2\n",
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE is named as gzip/,
  },
  {
    what: "no Parquet",
    name: "no.parquet",
    content: goodText,
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE is damaged/,
  },
  {
    what: "no Arrow",
    name: "no.arrow",
    content: goodText,
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE is damaged or not an Arrow/,
  },
  {
    what: "damaged JSON",
    name: "bad.json",
    content: '[{"a":1},{"a":',
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE is damaged .*Malformed JSON/,
  },
  {
    what: "JSON without records",
    name: "none.json",
    content: "[]",
    words: ["detect", "FILE"],
    exit: 3,
    says: /FILE_FORMAT: FILE has no records/,
  },
  { what: "an unknown format", words: ["detect", good, "--format", "cvs"], exit: 2, says: /USAGE: .*"cvs"; did you mean "csv"/ },
  {
    what: "an unknown algorithm",
    words: ["detect", good, "-a", "isolationforest"],
    exit: 2,
    says: /UNKNOWN_DETECTOR: .*did you mean "isolation-forest"/,
  },
  {
    what: "an unknown parameter",
    words: ["detect", good, "-a", "knn", "--set", "neighbors=5"],
    exit: 2,
    says: /PARAM: .*did you mean "n_neighbors"/,
  },
  { what: "a bad parameter", words: ["detect", good, "--set", "n_estimators=0"], exit: 2, says: /PARAM.*n_estimators must be/ },
  {
    what: "--set without a value",
    words: ["detect", good, "--set", "n_estimators"],
    exit: 2,
    says: /USAGE: --set needs NAME=VALUE/,
  },
  {
    what: "contamination 0",
    words: ["detect", good, "--contamination", "0"],
    exit: 2,
    says: /USAGE: --contamination must be a number above 0 to 0\.5, got "0"/,
  },
  {
    what: "contamination 0.6",
    words: ["detect", good, "--contamination", "0.6"],
    exit: 2,
    says: /USAGE: --contamination must be a number above 0 to 0\.5, got "0\.6"/,
  },
  { what: "an unknown threshold", words: ["detect", good, "--threshold", "mda"], exit: 2, says: /PARAM: .*did you mean "mad"/ },
  {
    what: "an unknown column",
    words: ["detect", good, "--columns", "sped,power"],
    exit: 3,
    says: /COLUMN: .*no column "sped" \(--columns\); did you mean "speed"/,
  },
  {
    what: "an unknown label column",
    words: ["detect", good, "--label", "labels"],
    exit: 3,
    says: /COLUMN: .*did you mean "label"/,
  },
  {
    what: "labels that are none",
    words: ["detect", good, "--label", "power"],
    exit: 3,
    says: /LABEL: .*column "power" must hold labels.* row 1 holds "100"/,
  },
  {
    what: "an unknown option",
    words: ["detect", good, "--algoritm", "knn"],
    exit: 2,
    says: /USAGE: .*did you mean "--algorithm"/,
  },
  { what: "an unknown command", words: ["detct", good], exit: 2, says: /USAGE: .*did you mean "detect"/ },
  { what: "an option without its value", words: ["detect", good, "--seed"], exit: 2, says: /USAGE: --seed needs a value/ },
  {
    what: "an option where a value belongs",
    words: ["detect", good, "--seed", "--json"],
    exit: 2,
    says: /USAGE: --seed needs a value/,
  },
  {
    what: "a seed that is no number",
    words: ["detect", good, "--seed", "abc"],
    exit: 2,
    says: /USAGE: --seed must be a whole number from 0, got "abc"/,
  },
  { what: "no file at all", words: ["detect"], exit: 2, says: /USAGE: nomaly detect needs FILE/ },
  { what: "two files", words: ["detect", good, good], exit: 2, says: /USAGE: .*one file at a time, not 2/ },
  { what: "an unknown choice", words: ["detect", good, "--scaling", "log"], exit: 2, says: /USAGE: --scaling must be one of/ },
  {
    what: "an output whose name tells no format",
    words: ["detect", good, "-o", folder.file("out.xyz")],
    exit: 2,
    says: /USAGE: .*does not tell a format/,
  },
  {
    what: "an output in no folder",
    words: ["detect", good, "-o", folder.file("none/out.csv")],
    exit: 4,
    says: /FILE_WRITE: .*its folder does not exist/,
  },
  {
    what: "an output that is a folder",
    words: ["detect", good, "--report", folder.path],
    exit: 4,
    says: /FILE_WRITE: .*it is a folder/,
  },
  {
    what: "a model that is not there",
    words: ["score", good, "-m", "none.nomaly"],
    exit: 3,
    says: /FILE_NOT_FOUND: there is no model file none\.nomaly/,
  },
  { what: "a model file that is none", words: ["score", good, "-m", good], exit: 3, says: /MODEL_FILE: .*good\.csv: / },
];

describe("bad input ends with a coded sentence, an exit code and nothing left behind", () => {
  it.each(cases)("$what", async ({ content, name, words, exit, says }) => {
    const file = content === undefined ? "" : folder.write(name ?? "bad.csv", content);
    const before = folder.names();
    const output = words.includes("detect") && !words.includes("-o") && words.length > 1 ? ["-o", folder.file("out.csv")] : [];
    const [command, ...rest] = words.map((word) => (word === "FILE" ? file : word));
    const result = await runInProcess([command, ...output, ...rest]);
    expect(result.stderr.replaceAll(file === "" ? "\u0000" : file, "FILE")).toMatch(says);
    expect(result.code).toBe(exit);
    expect(result.stdout).toBe("");
    expect(result.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(result.stderr).toMatch(/^nomaly: [A-Z_]+: /);
    expect(folder.names()).toEqual(before);
  });
});

describe("files that look wrong and are not", () => {
  it("takes one column of numbers", async () => {
    const file = folder.write(
      "one.csv",
      `value\n${Array.from({ length: 50 }, (_, row) => (row === 30 ? 99 : (row * 7) % 5)).join("\n")}\n`,
    );
    const { code, stdout } = await runInProcess(["detect", file, "--json"]);
    expect(code).toBe(0);
    expect((JSON.parse(stdout) as { top: { row: number }[] }).top[0].row).toBe(31);
  });

  it("takes missing values when told how", async () => {
    const file = folder.write("gaps.csv", `a,b\n${manyRows(30)}\nNA,4\n`);
    for (const missing of ["median", "indicator"])
      expect((await runInProcess(["detect", file, "--missing", missing])).code).toBe(0);
  });

  it("takes a constant column beside others", async () => {
    const file = folder.write(
      "constant.csv",
      `a,b,c\n${Array.from({ length: 30 }, (_, row) => `${(row * 3) % 7},5,${(row * 5) % 11}`).join("\n")}\n`,
    );
    expect((await runInProcess(["detect", file])).code).toBe(0);
  });

  it("takes a path with the letters of a pattern", async () => {
    const file = folder.write("a[1]*?.csv", goodText);
    expect((await runInProcess(["detect", file])).code).toBe(0);
  });
});

it("says that a place is read-only, before any work", async () => {
  // Root may write anywhere but where the system itself refuses.
  const place = process.getuid?.() === 0 ? "/proc/self/out.csv" : "/out.csv";
  const { code, stdout, stderr } = await runInProcess(["detect", "nowhere.csv", "-o", place]);
  expect([code, stdout, stderr]).toEqual([4, "", expect.stringMatching(/^nomaly: FILE_WRITE: .*out\.csv cannot be written: /)]);
});

describe("a model and rows that do not fit", () => {
  it("names the column that is missing, and the nearest that is there", async () => {
    const model = folder.file("m.nomaly");
    await runInProcess(["fit", good, "-m", model, "--label", "label"]);
    const other = folder.write("other.csv", goodText.replace("power", "powr"));
    const { code, stderr } = await runInProcess(["score", other, "-m", model]);
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/COLUMN: .*other\.csv has no column "power", .* did you mean "powr"\?/),
    ]);
  });

  it("names the row whose value is of another kind", async () => {
    const model = folder.file("m2.nomaly");
    await runInProcess(["fit", good, "-m", model, "--columns", "speed,power"]);
    const other = folder.write("other.csv", goodText.replace(/\n(.*?),(.*?),/, "\n$1,lots,"));
    const { code, stderr } = await runInProcess(["score", other, "-m", model]);
    expect([code, stderr]).toEqual([
      3,
      expect.stringMatching(/COLUMN: .*other\.csv: column "power" was number in training.* in row 1/),
    ]);
  });

  it("refuses a model file with one byte changed, wherever it is", async () => {
    const model = folder.file("m3.nomaly");
    await runInProcess(["fit", good, "-m", model, "-a", "robust-z", "--columns", "speed,power"]);
    const bytes = readFileSync(model);
    for (let at = 0; at < bytes.length; at += Math.ceil(bytes.length / 25)) {
      const damaged = Buffer.from(bytes);
      damaged[at] ^= 0x55;
      const file = folder.write("damaged.nomaly", damaged);
      const { code, stderr } = await runInProcess(["score", good, "-m", file]);
      expect([at, code, stderr.split(":")[1]]).toEqual([at, 3, " MODEL_FILE"]);
    }
  });
});

it("shows a stack with --debug, and without it none", async () => {
  const quiet = await runInProcess(["detect", "nowhere.csv"]);
  const loud = await runInProcess(["detect", "nowhere.csv", "--debug"]);
  expect(quiet.stderr).not.toMatch(/\n\s+at /);
  expect(loud.stderr).toMatch(/\n\s+at /);
});
