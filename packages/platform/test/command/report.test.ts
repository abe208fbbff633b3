import { resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createTestFolder, plantRows, runInProcess, toCsv } from "../../test-support/run-cli.ts";

const folder = createTestFolder();
afterAll(() => folder.remove());

const attack = `<script>alert("x")</script><img src=x onerror='alert(1)'>`;
const rows = plantRows().map((row, index) => ({ name: `"${attack.replaceAll('"', '""')} ${index}"`, ...row }));
const csv = folder.write("report <b>&.csv", toCsv(rows).replace("speed", "speed<i>"));

/** White space as a browser shows it. */
function readPage(): string {
  return folder.read("report.html").replaceAll(/\s+/g, " ").replaceAll("> <", "><");
}

describe("the report", async () => {
  const path = folder.file("report.html");
  const result = await runInProcess(["detect", csv, "--label", "label", "--report", path]);
  const page = readPage();

  it("is written", () => {
    expect([result.code, result.stderr]).toEqual([0, ""]);
    expect(result.stdout).toMatch(/report written to .*report\.html/);
  });

  it("needs nothing else: no script, nothing loaded from anywhere", () => {
    expect(page.match(/.{30}(<script|<link|<iframe|@import|url\(|\son\w+=").{9}/i)).toBeNull();
    expect(page.match(/<[^>]*\s(src|href)=.{20}/i)).toBeNull();
    expect(page).toContain("default-src &#39;none&#39;");
  });

  it("shows text of the file as text", () => {
    expect(page).not.toContain("<img src=x");
    expect(page).not.toContain("speed<i>");
    expect(page).toContain("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;");
    expect(page).toContain("speed&lt;i&gt;");
  });

  it("has its parts: distribution, evaluation, telling columns, scatter, top rows, and the command that makes it again", () => {
    for (const heading of [
      "Scores",
      "Compared with known labels",
      "Columns that mattered most",
      "The most anomalous rows",
      "How this was made",
    ]) {
      expect(page).toContain(`>${heading}</h2>`);
    }
    expect(page.match(/<svg class="(distribution|scatter|roc)"/g)).toHaveLength(3);
    expect(page).toMatch(/<b>1\.000<\/b><span class="quiet small">ROC-AUC/);
    expect(page).toMatch(/nomaly detect &#39;.*report &lt;b&gt;&amp;\.csv&#39; --label label --report/);
    expect(page).toMatch(/power <b>900<\/b>.*usual 100 to 116/);
  });

  it("has drawings without NaN, whatever the columns hold", async () => {
    const odd = folder.write(
      "odd.csv",
      `a,b\n${Array.from({ length: 40 }, (_, row) => `${row === 7 ? "1e300" : (row * 3) % 7},${row === 3 ? -1e-300 : 5}`).join("\n")}\n`,
    );
    const { code } = await runInProcess(["detect", odd, "-a", "robust-z", "--report", path]);
    expect(code).toBe(0);
    expect(readPage().match(/.{40}(NaN|Infinity|undefined|\[object)/)).toBeNull();
  });

  it("draws the columns of numbers that tell most, and says which it passes over for its few values", async () => {
    const lines = Array.from({ length: 200 }, (_, row) => {
      const isOdd = row % 50 === 0;
      return `${isOdd ? 90 : row % 3},${(row * 37) % 101},${((row * 53) % 97) + (isOdd ? 60 : 0)}`;
    });
    const few = folder.write("few.csv", `doors,length,height\n${lines.join("\n")}\n`);
    await runInProcess(["detect", few, "-a", "hbos", "--contamination", "0.02", "--report", path]);
    expect(readPage()).toContain(
      "The two columns of numbers that mattered most, of those with many different values (doors mattered more than length, but has few).",
    );
    await runInProcess(["detect", few, "--columns", "length,height", "--report", path]);
    expect(readPage()).toContain("The two columns of numbers that mattered most.");
  });

  it("says of a rare category its share, and of a value that is usual alone what it is beside the rest", async () => {
    const penguins = resolve(import.meta.dirname, "../../../../fixtures/penguins.csv");
    const { stdout } = await runInProcess(["detect", penguins, "--report", path]);
    expect(stdout).toMatch(/^ *20 .*island Torgersen \(15 %\), usual Biscoe /m);
    expect(readPage()).toMatch(/island <b>Torgersen<\/b> \(15 %\)/);
    expect(readPage()).toMatch(/year <b>2007<\/b>.{0,900}?>usual alone: 2007 to 2009</);
  });

  it("leads with what known labels say of the marked rows", () => {
    // A tenth of 200 rows, with the one that was planted.
    expect(page).toContain(
      "<p>Of 20 marked rows 1 (5 %) is a known anomaly; no known anomaly was missed. The row with the highest score is the known anomaly.</p>",
    );
    expect(result.stdout).toContain(
      "of 20 marked rows 1 (5 %) is a known anomaly; no known anomaly was missed\n  the row with the highest score is the known anomaly\n",
    );
  });

  it("speaks of a sample when it drew one", async () => {
    await runInProcess(["detect", csv, "--fit-rows", "100", "--report", path]);
    expect(readPage().match(/<dt>learned.{30}/)?.[0]).toMatch(/<dt>learned from<\/dt><dd>100 rows/);
  });
});
