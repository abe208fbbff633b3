import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());
const cars = resolve(import.meta.dirname, "../../../../fixtures/cars.csv");

interface Row extends Readonly<Record<string, unknown>> {
  readonly name: string;
  readonly anomaly_score: number;
  readonly is_anomaly: boolean;
  readonly rank: number;
}

async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(words);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function written(name: string, ...words: string[]): Promise<Row[]> {
  const path = folder.file(name);
  await run("detect", cars, "-o", path, ...words);
  const lines = readFileSync(path, "utf8").trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as Row);
}

function numbers(rows: readonly Row[], name: string): number[] {
  return rows.map((row) => Number(row[name]));
}

/** The definition, counted: the share of the scores that are lower. */
function shareBelow(all: readonly number[], score: number): number {
  return all.filter((other) => other < score).length / all.length;
}

describe("detect with several detectors", () => {
  it("writes each detector's own scores, the mean of their ranks, and what follows from that mean", async () => {
    const rows = await written("several.ndjson", "-a", "knn,pca,mcd");
    expect(Object.keys(rows[0]).slice(9)).toEqual([
      "anomaly_score",
      "is_anomaly",
      "rank",
      "anomaly_score_knn",
      "anomaly_score_pca",
      "anomaly_score_mcd",
    ]);
    const own = ["knn", "pca", "mcd"].map((id) => numbers(rows, `anomaly_score_${id}`));
    const means = rows.map((_, row) => own.reduce((sum, scores) => sum + shareBelow(scores, scores[row]), 0) / 3);
    const scores = numbers(rows, "anomaly_score");
    for (const [row, mean] of means.entries()) expect(scores[row]).toBeCloseTo(mean, 12);
    expect(numbers(rows, "rank")).toEqual(scores.map((score) => shareBelow(scores, score)));
    const [threshold] = scores.toSorted((a, b) => b - a).slice(40);
    expect(rows.map((row) => row.is_anomaly)).toEqual(scores.map((score) => score > threshold));
    for (const [index, id] of ["knn", "pca", "mcd"].entries()) {
      expect(numbers(await written(`${id}.ndjson`, "-a", id), "anomaly_score")).toEqual(own[index]);
    }
  });

  it("learns from the same sample as one detector where the rows are too many, and scores all", async () => {
    const sample = ["--fit-rows", "150", "--seed", "4"];
    const rows = await written("sampled.ndjson", "-a", "knn,isolation-forest", ...sample);
    expect(rows).toHaveLength(392);
    const alone = await written("alone.ndjson", "-a", "knn", ...sample);
    const forest = await written("forest.ndjson", "-a", "isolation-forest", ...sample);
    expect(numbers(rows, "anomaly_score_knn")).toEqual(numbers(alone, "anomaly_score"));
    expect(numbers(rows, "anomaly_score_isolation_forest")).toEqual(numbers(forest, "anomaly_score"));
    const ranks = rows.map((_, row) => (alone[row].rank + forest[row].rank) / 2);
    for (const [row, score] of numbers(rows, "anomaly_score").entries()) expect(score).toBeCloseTo(ranks[row], 11);
  });

  it("sets a parameter for the detectors that have it, or for one", async () => {
    const { params } = JSON.parse(
      await run("detect", cars, "-a", "knn,lof,pca", "--set", "knn.n_neighbors=7", "--set", "n_neighbors=3", "--json"),
    ) as { params: Record<string, unknown> };
    expect([params["knn.n_neighbors"], params["lof.n_neighbors"]]).toEqual([7, 3]);
  });

  it.each([
    [["--set", "n_neighbours=3"], 'PARAM: none of knn, pca has a parameter "n_neighbours"; did you mean "n_neighbors"?'],
    [["--set", "pca.n_neighbors=3"], 'PARAM: pca has no parameter "n_neighbors"; known: n_components'],
    [["--set", "lof.n_neighbors=3"], "USAGE: --set lof.n_neighbors is about lof, which -a knn,pca does not name"],
    [["--set", "knn.p=1", "--set", "knn.p=2"], "USAGE: --set knn.p is given twice"],
    [["--set", "knn.n_neighbors=0"], "PARAM: knn: n_neighbors must be"],
  ])("refuses %s", async (words, message) => {
    const { code, stderr } = await runInProcess(["detect", cars, "-a", "knn,pca", ...words]);
    expect(code).not.toBe(0);
    expect(stderr).toContain(message);
  });

  it("names the detector that cannot fit, and one that is asked for twice", async () => {
    const few = folder.write("few.csv", "a,b\n1,2\n");
    expect((await runInProcess(["detect", few, "-a", "kde,ecod"])).stderr).toMatch(/few\.csv: ecod needs at least 2 rows/);
    expect((await runInProcess(["detect", cars, "-a", "knn,knn"])).stderr).toContain("-a names knn twice");
    expect((await runInProcess(["fit", cars, "-a", "knn,pca", "-m", folder.file("no.nomaly")])).stderr).toContain(
      "nomaly fit takes one algorithm, got -a knn,pca; nomaly detect runs several together",
    );
  });

  it("shows which detectors find a row, in table, JSON and report", async () => {
    const report = folder.file("report.html");
    const stdout = await run("detect", cars, "-a", "knn,pca,mcd", "--top", "30", "--report", report);
    expect(stdout).toMatch(/ranks above +found by +why\n/);
    expect(stdout).toMatch(/389 +vw pickup .* knn, pca, mcd +seconds_to_60 24\.6/);
    expect(readFileSync(report, "utf8")).toContain("<th>found by</th>");
    const { top } = JSON.parse(await run("detect", cars, "-a", "knn,pca", "--top", "40", "--json")) as {
      top: { anomaly_score: number; detectors: { algorithm: string; is_anomaly: boolean; rank: number }[] }[];
    };
    for (const { anomaly_score, detectors } of top) {
      expect(anomaly_score).toBeCloseTo((detectors[0].rank + detectors[1].rank) / 2, 12);
      // A tenth of the rows: above the 90th percentile of the detector's own scores.
      for (const { is_anomaly, rank } of detectors) expect(is_anomaly).toBe(rank >= 0.9);
    }
  });

  it("leaves scores of an earlier run with several detectors out, and replaces them", async () => {
    const first = folder.file("first.csv");
    await run("detect", cars, "-a", "knn,pca", "-o", first);
    const { stdout, stderr } = await runInProcess(["detect", first, "-a", "ecod", "-o", "-"]);
    expect(stderr).toContain("the columns anomaly_score, is_anomaly, rank, anomaly_score_knn, anomaly_score_pca of");
    expect(stdout.split("\n")[0]).toMatch(/origin,anomaly_score,is_anomaly,rank$/);
  });
});

describe("the rows written", () => {
  it.each(["csv", "ndjson", "json", "parquet", "arrow"])(
    "are only the anomalies, the highest score first, as %s",
    async (format) => {
      const path = folder.file(`top.${format}`);
      await run("detect", cars, "-a", "hbos", "-o", path, "--only-anomalies", "--sort", "score");
      const all = await written("all.ndjson", "-a", "hbos");
      const anomalies = all.map((row, index) => ({ row, index })).filter(({ row }) => row.is_anomaly === true);
      anomalies.sort((a, b) => b.row.anomaly_score - a.row.anomaly_score || a.index - b.index);
      const copy = folder.file(`top-${format}.ndjson`);
      await runInProcess(["detect", path, "-a", "hbos", "--columns", "weight_lbs", "-o", copy]);
      const names = readFileSync(copy, "utf8").trimEnd().split("\n");
      expect(names.map((line) => (JSON.parse(line) as Row).name)).toEqual(anomalies.map(({ row }) => row.name));
    },
  );

  it("keep the order of the file among equal scores, and column names that differ only in case", async () => {
    const lines = Array.from({ length: 5000 }, (_, row) => `${row % 3 === 0 ? 1 : 2},${row},r${row}`);
    const table = folder.write("ties.csv", `a,A,name\n${lines.join("\n")}\n`);
    const path = folder.file("ties-sorted.csv");
    await run("detect", table, "--columns", "a", "-a", "hbos", "-o", path, "--sort", "score");
    const [head, ...rows] = readFileSync(path, "utf8").trimEnd().split("\n");
    expect(head).toBe("a,A,name,anomaly_score,is_anomaly,rank");
    const order = rows.map((row) => Number(row.split(",")[1]));
    const indexes = Array.from({ length: 5000 }, (_, row) => row);
    expect(order).toEqual([...indexes.filter((row) => row % 3 === 0), ...indexes.filter((row) => row % 3 !== 0)]);
  });

  it("need an output", async () => {
    expect((await runInProcess(["detect", cars, "--sort", "score"])).stderr).toContain(
      "--sort is about the rows written: it needs -o OUT",
    );
    expect((await runInProcess(["detect", cars, "--only-anomalies"])).stderr).toContain(
      "--only-anomalies is about the rows written",
    );
  });
});
