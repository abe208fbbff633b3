import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, runInProcess } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());
const cars = resolve(import.meta.dirname, "../../../../fixtures/cars.csv");

interface Told {
  readonly algorithm: string;
  readonly anomaly_count: number;
  readonly anomalies_by_agreeing_members?: readonly number[];
  readonly members: readonly { readonly name: string; readonly algorithm: string; readonly looks_at: string }[];
  readonly members_left_out: readonly { readonly name: string; readonly reason: string }[];
  readonly top: readonly {
    readonly row: number;
    readonly is_anomaly: boolean;
    readonly agreeing_members: number;
    readonly member_count: number;
    readonly members: readonly { readonly looks_at: string; readonly is_anomaly: boolean; readonly rank: number }[];
  }[];
}

async function run(...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await runInProcess(words);
  expect([code, stderr]).toEqual([0, ""]);
  return stdout;
}

async function told(...words: string[]): Promise<Told> {
  return JSON.parse(await run(...words, "--json")) as Told;
}

describe("without an algorithm", () => {
  it("auto is asked, and says who took part and how many members agree on each row and on all anomalies", async () => {
    const { algorithm, members, members_left_out: leftOut, ...found } = await told("detect", cars, "--top", "1000");
    expect(algorithm).toBe("auto");
    expect(members.map((member) => `${member.algorithm}: ${member.looks_at}`)).toEqual([
      "isolation-forest: single values",
      "knn: neighbours",
      "knn: neighbours",
      "cblof: clusters",
      "mcd: relations",
    ]);
    expect(leftOut).toEqual([]);
    for (const row of found.top) {
      expect(row.member_count).toBe(5);
      expect(row.members.filter((member) => member.is_anomaly)).toHaveLength(row.agreeing_members);
    }
    const anomalies = found.top.filter((row) => row.is_anomaly);
    expect(anomalies).toHaveLength(found.anomaly_count);
    const counts = [0, 1, 2, 3, 4, 5].map((count) => anomalies.filter((row) => row.agreeing_members === count).length);
    expect(found.anomalies_by_agreeing_members).toEqual(counts);
    expect(counts[5]).toBeGreaterThan(0);
    expect(counts[5]).toBeLessThan(found.anomaly_count);
  });

  it("the table says the same in words, which name what few members look at", async () => {
    const report = folder.file("cars.html");
    const { top, ...found } = await told("detect", cars);
    const text = await run("detect", cars, "--report", report);
    expect(text).toContain(
      "5 checks of each row: single values (isolation-forest), neighbours (knn, in 2 ways), clusters (cblof), relations (mcd)\n",
    );
    const byCount = found.anomalies_by_agreeing_members ?? [];
    const percent = (count: number) => `${String(Number(((100 * count) / found.anomaly_count).toPrecision(2)))} %`;
    expect(text).toContain(
      `, ${percent(byCount[5])} are found by all 5 checks (look at these first), ${percent(byCount[0] + byCount[1] + byCount[2])} by at most 2 (doubtful)`,
    );
    for (const { row, agreeing_members: count, members } of top) {
      // Two members look at neighbours, so a view is said once, and how many of the two where one is meant.
      const meant = members.filter((member) => member.is_anomaly === (count !== 4)).map((member) => member.looks_at);
      const neighbours = meant.filter((view) => view === "neighbours").length === 1 ? "neighbours (1 of 2)" : "neighbours";
      const views = [...new Set(meant)].map((view) => (view === "neighbours" ? neighbours : view)).join(", ");
      const agree = count === 5 ? "5 of 5" : `${count} of 5: ${count === 4 ? "all but " : ""}${views}`;
      expect(text.split("\n").find((line) => line.trimStart().startsWith(`${row} `))).toContain(` ${agree}  `);
    }
    const page = readFileSync(report, "utf8");
    expect(page).toContain("<th>agree</th>");
    const [, share] = /^\d+ anomalies \(.*?\): a(.*)$/m.exec(text) ?? [];
    const [, sure] = /^how sure: (.*)$/m.exec(text) ?? [];
    expect(page.match(/<p class="small">[^<]*<\/p>/g)?.slice(0, 2)).toEqual([
      `<p class="small">A${share}.</p>`,
      `<p class="small">How sure: ${sure}.</p>`,
    ]);
    expect(page).toContain("relations (mcd): broken relations between columns");
  });

  it("members that the time budget leaves out are named with the reason", async () => {
    const { members, members_left_out: leftOut } = await told("detect", cars, "--set", "time_budget=0");
    expect(members.map(({ name }) => name)).toEqual(["forest"]);
    expect(leftOut.map(({ name }) => name)).toEqual(["neighbors", "asinhNeighbors", "clusters", "covariance"]);
    for (const { reason } of leftOut) expect(reason).toMatch(/the time budget is 0 s/);
    const text = await run("detect", cars, "--set", "time_budget=0");
    expect(text).toMatch(/^1 check of each row: single values \(isolation-forest\)$/m);
    expect(text).toMatch(/^check left out: relations \(mcd\): with it the fit would take about .* s, the time budget is 0 s/m);
  });

  it("one member agrees with nobody, and the same reason is given once", async () => {
    const alone = ["--set", "neighbors=false", "--set", "clusters=false", "--set", "covariance=false"];
    const text = await run("detect", cars, ...alone);
    expect(text).not.toMatch(/agree:|how sure/);
    expect(text.match(/^check left out: .*$/gm)).toEqual([
      "check left out: neighbours (knn): switched off by the parameter neighbors",
      "check left out: clusters (cblof): switched off by the parameter clusters",
      "check left out: relations (mcd): switched off by the parameter covariance",
    ]);
    expect(await told("detect", cars, ...alone)).not.toHaveProperty("anomalies_by_agreeing_members");
  });

  it("a saved model scores, explains and says who took part", async () => {
    const model = folder.file("cars.nomaly");
    expect(await run("fit", cars, "-m", model)).toMatch(/^auto, seed 1.*\n5 checks of each row: single values/m);
    const { top } = await told("score", cars, "-m", model, "--top", "3");
    const explained = await run("explain", cars, "-m", model, "--rows", String(top[0].row));
    expect(explained).toMatch(new RegExp(`found by checks: ${top[0].agreeing_members} of 5`));
    const { rows } = JSON.parse(await run("explain", cars, "-m", model, "--rows", String(top[0].row), "--json")) as {
      readonly rows: Told["top"];
    };
    expect(rows[0].members).toEqual(top[0].members);
  });

  it("evaluate measures auto, and another algorithm is one word away", async () => {
    const labelled = folder.write("labelled.csv", ["a,b,label", ...labelledRows()].join("\n"));
    expect(await run("evaluate", labelled, "--label", "label")).toMatch(/^auto +1\.0000 /m);
    const { algorithm, members } = await told("detect", cars, "-a", "isolation-forest");
    expect([algorithm, members]).toEqual(["isolation-forest", undefined]);
  });
});

/** 100 rows of a smooth curve, and one far off it. */
function labelledRows(): string[] {
  const rows = Array.from({ length: 100 }, (_, i) => `${i % 10},${(i * 7) % 13},0`);
  return [...rows, "60,-40,1"];
}
