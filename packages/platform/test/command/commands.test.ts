import { statSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { CliResult } from "../../test-support/run-cli.ts";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const main = resolve(import.meta.dirname, "../../src/main/cli.ts");
const rows = plantRows();
const csv = folder.write("plant.csv", toCsv(rows));

function succeeded(result: CliResult): string {
  expect([result.code, result.stderr]).toEqual([0, ""]);
  return result.stdout;
}

async function json<T>(...words: string[]): Promise<T> {
  return JSON.parse(succeeded(await runInProcess([...words, "--json"]))) as T;
}

interface Detected {
  readonly seed: number;
  readonly threshold: number;
  readonly row_count: number;
  readonly fitted_row_count: number;
  readonly anomaly_count: number;
  readonly top: readonly {
    readonly row: number;
    readonly name?: string;
    readonly anomaly_score: number;
    readonly is_anomaly: boolean;
    readonly rank: number;
    readonly label?: number;
    readonly reasons: readonly {
      readonly column: string;
      readonly value: number;
      readonly usual: string;
      readonly usual_low: number;
      readonly usual_high: number;
    }[];
  }[];
  readonly evaluation?: Readonly<Record<string, number>>;
}

describe("nomaly detect", () => {
  it("puts the row that is far off first, and says which column made it and what is usual there", async () => {
    const stdout = succeeded(await runInProcess(["detect", csv, "--label", "label", "--top", "3"]));
    expect(stdout).toMatch(/^.*plant\.csv: 200 rows, 3 columns used\n/);
    expect(stdout).toMatch(/auto, seed 1, threshold 0\.\d+ \(contamination 0\.1\)/);
    expect(stdout).toMatch(/200 .*power 900, usual 100 to 116/);
    expect(stdout).toMatch(/ROC-AUC 1\.0000, average precision 1\.0000, precision at 1 1\.0000/);
  });

  it("says so where no single column makes a row odd, and how many anomalies are not shown", async () => {
    const cars = resolve(import.meta.dirname, "../../../../fixtures/cars.csv");
    const stdout = succeeded(await runInProcess(["detect", cars, "-a", "knn", "--set", "n_neighbors=10", "--top", "20"]));
    expect(stdout).toMatch(/buick estate wagon \(sw\) .*no single column: the row as a whole/);
    expect(stdout).toMatch(/the first 20 of \d+ anomalies; --top N shows more/);
  });

  it("never learns from the labels: other labels, the same scores", async () => {
    const flipped = folder.write("flipped.csv", toCsv(rows.map((row, index) => ({ ...row, label: index % 2 }))));
    const without = folder.write("without.csv", toCsv(rows.map(({ speed, power, site }) => ({ speed, power, site }))));
    const [a, b, c] = [
      await json<Detected>("detect", csv, "--label", "label"),
      await json<Detected>("detect", flipped, "--label", "label"),
      await json<Detected>("detect", without),
    ];
    const scores = (document: Detected) => document.top.map((row) => row.anomaly_score);
    expect(scores(b)).toEqual(scores(a));
    expect(scores(c)).toEqual(scores(a));
    expect(a.evaluation?.["roc_auc"]).toBe(1);
    expect(c.evaluation).toBeUndefined();
  });

  it("gives equal results for equal seeds, on any number of threads, and others for others", async () => {
    const one = await json<Detected>("detect", csv, "--seed", "5", "--threads", "1");
    const two = await json<Detected>("detect", csv, "--seed", "5", "--threads", "2");
    const other = await json<Detected>("detect", csv, "--seed", "6");
    expect(two.top).toEqual(one.top);
    expect(one.seed).toBe(5);
    expect(other.threshold).not.toBe(one.threshold);
  });

  it("takes words for labels", async () => {
    const path = folder.write(
      "words.csv",
      toCsv(rows.map(({ label, ...row }) => ({ ...row, state: label === 1 ? "Anomaly" : "normal" }))),
    );
    expect((await json<Detected>("detect", path, "--label", "state")).evaluation?.["true_positives"]).toBe(1);
  });

  it("takes a threshold in every form", async () => {
    const counts = new Map<string, number>();
    for (const threshold of ["0.55", "percentile:percentile=99", "iqr", "mad:factor=5", "extreme-value:level=0.95,risk=0.01"]) {
      counts.set(
        threshold,
        (await json<Detected>("detect", csv, "--columns", "speed,power", "--threshold", threshold)).anomaly_count,
      );
    }
    expect(counts.get("percentile:percentile=99")).toBe(2);
    expect(Math.min(...counts.values())).toBeGreaterThanOrEqual(1);
    const fixed = await json<Detected>("detect", csv, "--threshold", "0.55");
    expect(fixed.threshold).toBe(0.55);
  });

  it("learns from a sample when the rows are more than asked for, and scores every row", async () => {
    const many = folder.write("many.csv", toCsv([...rows.slice(0, 199), ...rows.slice(0, 199), ...rows.slice(0, 199), ...rows]));
    const document = await json<Detected>("detect", many, "--label", "label", "-a", "robust-z", "--fit-rows", "100");
    expect([document.row_count, document.fitted_row_count]).toEqual([797, 100]);
    expect(document.top[0].row).toBe(797);
    const again = await json<Detected>("detect", many, "--label", "label", "-a", "robust-z", "--fit-rows", "100");
    expect(again.top).toEqual(document.top);
  });

  it("does not let a sampled row be its own neighbour", async () => {
    // Two far rows: nearest to itself each would score 0, nearest to the other it stands out.
    const far = [...rows.slice(0, 120).map(({ speed, power }) => ({ speed, power })), { speed: 900, power: 900 }];
    const path = folder.write("far.csv", toCsv(far));
    const words = ["-a", "knn", "--set", "n_neighbors=1", "--scaling", "none", "--fit-rows", "120"];
    const seeds = await Promise.all([1, 2, 3].map((seed) => json<Detected>("detect", path, ...words, "--seed", String(seed))));
    for (const document of seeds) {
      expect(document.fitted_row_count).toBe(120);
      expect(document.top[0]).toMatchObject({ row: 121 });
      expect(document.top[0].anomaly_score).toBeGreaterThan(1000);
    }
  });

  it("reads no column that it does not use", async () => {
    const path = folder.write(
      "unused.csv",
      `speed,power,other\n${Array.from({ length: 25_000 }, (_, row) => `${row % 7},${row % 5},${row}`).join("\n")}\n3,4,oops\n`,
    );
    expect((await runInProcess(["detect", path])).stderr).toMatch(/column "other" holds "oops"/);
    expect((await json<Detected>("detect", path, "--columns", "speed,power")).row_count).toBe(25_001);
  });

  it("names rows by the column given, which is not learned from", async () => {
    const path = folder.write("named.csv", toCsv(rows.map((row, index) => ({ machine: `m${index % 50}`, ...row }))));
    const document = await json<Detected>("detect", path, "--label", "label", "--id", "machine");
    expect(document.top[0]).toMatchObject({ row: 200, name: "m49", label: 1, is_anomaly: true });
    expect(document.top[0].reasons.map(({ column }) => column).sort()).toEqual(["power", "site", "speed"]);
    expect(document.top[0].reasons[0]).toMatchObject({ column: "power", value: 900, usual_low: 100, usual_high: 116 });
    const usual = Object.fromEntries(document.top[0].reasons.map((reason) => [reason.column, reason.usual]));
    expect(usual).toMatchObject({ power: "100 to 116", site: expect.stringMatching(/^\w+ \(\d+ %\)/) });
  });

  it("lines its columns up whatever letters the names have", async () => {
    const odd = new Map([
      [0, "機械"],
      [50, "engine"],
      [100, "e\u0301tage"],
    ]);
    const named = rows.map(({ speed }, index) => ({ name: odd.get(index) ?? "x", speed: odd.has(index) ? 900 - index : speed }));
    const path = folder.write("wide.csv", toCsv(named));
    const table = succeeded(await runInProcess(["detect", path, "-a", "robust-z", "--top", "3", "--id", "name"])).split("\n");
    // By the Unicode Character Database: 機 and 械 are Wide, so four places; the mark U+0301 takes none, so five.
    for (const cell of ["  1  機械  ", " 51  engine", "101  e\u0301tage "]) {
      // The score stands in the five places of its title, the rank in eleven.
      expect(table.find((line) => line.startsWith(`${cell}  `))?.slice(cell.length)).toMatch(
        /^ {2}(?=.{5} {7}9)[ \d]+ {7}9\d\.\d %/,
      );
    }
  });

  it("keeps control characters of a file away from the terminal", async () => {
    const path = folder.write("evil.csv", toCsv(rows.map((row, index) => ({ name: `\u001b[31m${index}`, ...row }))));
    const stdout = succeeded(await runInProcess(["detect", path, "--label", "label"]));
    expect(stdout).not.toContain("\u001b");
    expect(stdout).toContain("?[31m199");
  });

  it("keeps control characters of column and file names away from the terminal", async () => {
    const rough = rows.map(({ speed, power, label }, index) => ({
      "\u001b[1mname": `n${index}`,
      "\u009bspeed": speed,
      power,
      label,
    }));
    const path = folder.write("evil\u001b[2J.csv", toCsv(rough));
    const [model, common] = [folder.file("evil\u001b[2J.nomaly"), ["--label", "label"]];
    for (const words of [
      ["detect", path, ...common, "--report", folder.file("evil\u001b[2J.html")],
      ["detect", path, ...common, "-o", folder.file("evil\u001b[2J.out.csv")],
      ["fit", path, ...common, "-m", model],
      ["evaluate", path, ...common, "-m", model],
      ["explain", path, "-m", model],
      ["score", path, "-m", model],
      ["score", path, "-m", model, "--json"],
    ]) {
      const result = await runInProcess(words);
      // eslint-disable-next-line no-control-regex
      expect([result.code, `${result.stdout}${result.stderr}`.match(/.*[\u001b\u009b].*/)]).toEqual([0, null]);
    }
  });
});

describe("nomaly fit and nomaly score", () => {
  it("score new rows with the bits that the fitted model gave", async () => {
    const model = folder.file("plant.nomaly");
    succeeded(await runInProcess(["fit", csv, "-m", model, "--label", "label", "-a", "robust-z"]));
    const fitted = await json<Detected>("detect", csv, "--label", "label", "-a", "robust-z");
    const scored = await json<Detected>("score", csv, "-m", model, "--label", "label");
    // robust-z scores its training rows as it scores new ones.
    expect(scored.top).toEqual(fitted.top);
    expect(scored.evaluation).toEqual(fitted.evaluation);
    expect(scored.threshold).toBe(fitted.threshold);
  });

  it("score the same whatever the number of threads and the size of the file", async () => {
    const model = folder.file("forest.nomaly");
    succeeded(await runInProcess(["fit", csv, "-m", model, "--label", "label"]));
    const big = folder.write("big.csv", toCsv(Array.from({ length: 700 }, () => rows).flat()));
    const one = await json<Detected>("score", big, "-m", model, "--threads", "1", "-o", folder.file("big-1.parquet"));
    const two = await json<Detected>("score", big, "-m", model, "--threads", "2");
    expect(two.top).toEqual(one.top);
    expect(one.row_count).toBe(140_000);
    expect(one.top[0].anomaly_score).toBe((await json<Detected>("score", csv, "-m", model)).top[0].anomaly_score);
  });

  it("say what was learned", async () => {
    const document = await json<Record<string, unknown>>(
      "fit",
      csv,
      "-m",
      folder.file("said.nomaly"),
      "--label",
      "label",
      "--set",
      "n_estimators=20",
    );
    expect(document).toMatchObject({
      algorithm: "auto",
      seed: 1,
      row_count: 200,
      size_bytes: statSync(folder.file("said.nomaly")).size,
    });
    expect(document["params"]).toMatchObject({ n_estimators: 20 });
  });

  it("need a model", async () => {
    expect((await runInProcess(["fit", csv])).stderr).toMatch(/USAGE: nomaly fit needs -m MODEL/);
    expect((await runInProcess(["score", csv])).stderr).toMatch(/USAGE: nomaly score needs -m MODEL/);
  });
});

describe("nomaly evaluate", () => {
  interface Evaluation {
    readonly results: readonly {
      readonly name: string;
      readonly roc_auc?: number;
      readonly f1?: number;
      readonly failure?: string;
    }[];
  }

  it("compares algorithms, the best first", async () => {
    const { results } = await json<Evaluation>("evaluate", csv, "--label", "label", "-a", "robust-z,isolation-forest,ecod");
    expect(results.map(({ name }) => name).sort()).toEqual(["ecod", "isolation-forest", "robust-z"]);
    expect(results.every(({ roc_auc: area }) => area === 1)).toBe(true);
  });

  it("judges a saved model, and scores in a column", async () => {
    const model = folder.file("judge.nomaly");
    succeeded(await runInProcess(["fit", csv, "-m", model, "--label", "label"]));
    expect((await json<Evaluation>("evaluate", csv, "--label", "label", "-m", model)).results[0].roc_auc).toBe(1);
    const { results } = await json<Evaluation>("evaluate", csv, "--label", "label", "--score", "power");
    expect(results).toEqual([
      { name: "column power", row_count: 200, roc_auc: 1, average_precision: 1, precision_at_n: 1, seconds: expect.any(Number) },
    ]);
  });

  it("goes on when one of many cannot take the rows, and says why", async () => {
    const short = folder.write("short.csv", toCsv(rows.slice(-4)));
    const { results } = await json<Evaluation>("evaluate", short, "--label", "label", "-a", "all");
    expect(results.some(({ failure }) => failure !== undefined)).toBe(true);
    expect(results.some(({ roc_auc: area }) => area !== undefined)).toBe(true);
  });

  it("needs labels of both kinds", async () => {
    const alike = folder.write("alike.csv", toCsv(rows.map((row) => ({ ...row, label: 0 }))));
    expect(await runInProcess(["evaluate", alike, "--label", "label"])).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/LABEL: .*alike\.csv/),
    });
    expect((await runInProcess(["evaluate", csv])).stderr).toMatch(/USAGE: nomaly evaluate needs --label/);
  });
});

describe("nomaly explain", () => {
  it("explains the rows asked for, in that order", async () => {
    const stdout = succeeded(await runInProcess(["explain", csv, "--label", "label", "--rows", "200,2"]));
    const [first, second] = stdout.split("\n\n");
    expect(first).toMatch(/^row 200: anomaly, score .*\n {2}power +900 +usual 100 to 116 /);
    expect(second).toMatch(/^row 2: normal/);
  });

  it("explains with a saved model, by default the most anomalous rows", async () => {
    const model = folder.file("explain.nomaly");
    succeeded(await runInProcess(["fit", csv, "-m", model, "--label", "label", "-a", "knn"]));
    const document = await json<{ meaning: string; rows: { row: number }[] }>("explain", csv, "-m", model, "--top", "2");
    expect(document.meaning).toBe("substitution");
    expect(document.rows).toHaveLength(2);
    expect(document.rows[0].row).toBe(200);
  });

  it("refuses options about fitting where nothing is fitted", async () => {
    const model = folder.file("fitted.nomaly");
    succeeded(await runInProcess(["fit", csv, "--label", "label", "-m", model]));
    for (const words of [
      ["explain", csv, "-m", model, "--contamination", "0.2"],
      ["explain", csv, "-m", model, "-a", "knn"],
      ["evaluate", csv, "--label", "label", "-m", model, "--set", "n_estimators=5"],
      ["evaluate", csv, "--label", "label", "--score", "power", "--columns", "speed"],
    ]) {
      expect(await runInProcess(words)).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(/USAGE: --\w+ is about fitting/),
      });
    }
  });

  it("refuses rows that are not there", async () => {
    expect((await runInProcess(["explain", csv, "--rows", "201"])).stderr).toMatch(/SHAPE: .*has no row 201; it has 200/);
    expect((await runInProcess(["explain", csv, "--rows", "0"])).stderr).toMatch(/USAGE: --rows must be whole numbers from 1/);
  });
});

describe("nomaly detectors, bench, completion and help", () => {
  it("list every detector, and the parameters of one in snake_case", async () => {
    const list = await json<{ id: string }[]>("detectors");
    expect(list.map(({ id }) => id)).toContain("isolation-forest");
    const text = succeeded(await runInProcess(["detectors", "isolation-forest"]));
    expect(text).toMatch(/n_estimators = 100 {4}a whole number from 1/);
    expect((await runInProcess(["detectors", "isolation-tree"])).code).toBe(2);
  });

  it("measure what they are asked to", async () => {
    const document = await json<{ results: { algorithm: string; fit_seconds: number }[] }>(
      "bench",
      "-a",
      "ecod,robust-z",
      "--rows",
      "500",
      "--columns",
      "3",
    );
    expect(document.results.map(({ algorithm }) => algorithm)).toEqual(["ecod", "robust-z"]);
    expect(document.results[0].fit_seconds).toBeGreaterThan(0);
  });

  it("complete commands and options in three shells", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const script = succeeded(await runInProcess(["completion", shell]));
      expect(script).toMatch(/detect/);
      expect(script).toMatch(/contamination/);
    }
    expect((await runInProcess(["completion", "powershell"])).code).toBe(2);
  });

  it("complete values too, as bash really does", () => {
    const script = execFileSync(process.execPath, ["--conditions=source", main, "completion", "bash"], { encoding: "utf8" });
    const completed = (line: string) => {
      const words = line.split(" ");
      const program = `${script}\nCOMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _nomaly; printf '%s\\n' "\${COMPREPLY[@]}"`;
      return execFileSync("bash", ["-c", program, "bash", ...words], { encoding: "utf8", cwd: folder.path })
        .trim()
        .split("\n");
    };
    expect(completed("nomaly det")).toEqual(["detect", "detectors"]);
    expect(completed("nomaly detect --contam")).toEqual(["--contamination"]);
    expect(completed("nomaly detect x.csv -a kn")).toEqual(["knn"]);
    expect(completed("nomaly detect x.csv --output-format par")).toEqual(["parquet"]);
    expect(completed("nomaly detectors isolation-f")).toEqual(["isolation-forest"]);
    expect(completed("nomaly completion f")).toEqual(["fish"]);
    folder.write("two words.csv", "");
    expect(completed("nomaly detect two")).toEqual(["two words.csv"]);
  });

  it("help with examples for every command", async () => {
    const overview = succeeded(await runInProcess(["--help"]));
    expect(overview).toMatch(/Exit codes:/);
    for (const name of ["detect", "fit", "score", "evaluate", "explain", "detectors", "bench", "completion"]) {
      expect(overview).toContain(`  ${name} `);
      const help = succeeded(await runInProcess([name, "--help"]));
      expect(help).toMatch(/Usage: nomaly .*[^]*Examples:\n {2}\S/);
    }
  });
});
