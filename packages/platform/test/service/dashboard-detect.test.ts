import { readFileSync } from "node:fs";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import { openDashboard } from "../../test-support/servers/dashboard-page.ts";
import { startService, type TestService } from "../../test-support/servers/service.ts";

const browser: Browser | undefined = await launchBrowser();
afterAll(() => browser?.close());

/** 60 machines of about 20 degrees and 5 bar, but machine 37, at 90 degrees. */
const machines = [
  "machine,degrees,bar,made",
  ...Array.from({ length: 60 }, (_, row) => {
    const degrees = row === 36 ? 90 : 20 + ((row * 7) % 11) / 10;
    return `m${row + 1},${degrees},${5 + ((row * 5) % 13) / 10},2026-01-${String((row % 28) + 1).padStart(2, "0")}`;
  }),
].join("\n");

async function choose(page: Page, name: string, content: string): Promise<void> {
  const chosen = page.waitForEvent("filechooser");
  await page.getByRole("button", { name: "Choose a file" }).click();
  await (await chosen).setFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
}

const rowNumbers = (page: Page) =>
  page.getByRole("region", { name: "Top anomalies, table" }).locator("tbody").getByRole("rowheader").allInnerTexts();

describe.skipIf(browser === undefined)("the Detect view in a real browser (needs Chromium)", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  const open = (hash: string) => openDashboard(browser as Browser, `${service.url}/performance/dashboard${hash}`);

  /** Of the data set. */
  let detectHash = "";
  beforeAll(async () => {
    const form = new FormData();
    form.append("file", new Blob([machines]), "machines.csv");
    const dataset = (await service.ask("POST /api/datasets", { form })).body["id"];
    detectHash = `#/detect/${String(dataset)}`;
  });

  /** A result of its own, since a test may change the detector. */
  async function openResult() {
    const settings = { name: "machines", algorithm_name: "auto", options: { missing: "auto" } };
    const detector = (await service.ask("POST /api/detectors", { json: settings })).body["id"];
    const asked = { detector_id: detector, dataset_id: detectHash.split("/").at(-1) };
    await service.ask("POST /api/detection/train", { json: asked });
    const scored = await service.ask("POST /api/detection/predict", { json: { ...asked, explain: true } });
    const opened = await open(`${detectHash}/${String(scored.body["result_id"])}`);
    await opened.page.getByRole("region", { name: "Top anomalies, table" }).waitFor();
    return opened;
  }

  it("leads from a file to its anomalies, each with its reasons, without a line of code", async () => {
    const { page, complaints } = await open("");
    await page.getByRole("navigation", { name: "Views" }).getByRole("link", { name: "Detect" }).click();
    await choose(page, "machines.csv", machines);
    await page.getByRole("heading", { name: "machines.csv" }).waitFor();
    await page.getByText("60 rows, 4 columns").waitFor();
    await page.getByRole("row", { name: /^degrees number none/ }).waitFor();
    expect(await page.getByLabel("Algorithm").inputValue()).toBe("auto");
    await page.getByRole("button", { name: "Find anomalies" }).click();
    const first = page.getByRole("region", { name: "Top anomalies, table" }).getByRole("row").nth(1);
    await first.waitFor();
    expect(await first.getByRole("rowheader").innerText()).toBe("37");
    expect(await first.innerText()).toMatch(/degrees 90\s+usual 20 to 21/);
    expect(complaints).toEqual([]);
  });

  it("moves the threshold by keys: counts and rows follow, and the detector keeps it if asked to", async () => {
    const { page, complaints } = await openResult();
    const slider = page.getByRole("slider", { name: "Threshold" });
    const above = page.getByText(/of 60 rows .* a score above the threshold/);
    expect(await above.innerText()).toMatch(/^6 of 60 rows \(10 %\) have/);
    await slider.press("End");
    expect(await above.innerText()).toMatch(/^0 of 60 rows \(0 %\)/);
    await page.getByText("No row has a score above the threshold.").waitFor();
    await slider.press("Home");
    expect(await above.innerText()).toMatch(/^59 of 60 rows/);
    expect(await rowNumbers(page)).toHaveLength(10);
    await page.getByRole("button", { name: "Show 20 more" }).click();
    expect(await rowNumbers(page)).toHaveLength(30);

    const scores = await page.locator("td.score").allInnerTexts();
    const between = (Number(scores[0]) + Number(scores[1])) / 2;
    await page.getByLabel("Threshold as a number").fill(String(between));
    await page.getByLabel("Threshold as a number").press("Enter");
    expect(await above.innerText()).toMatch(/^1 of 60 rows .* has/);
    expect(await rowNumbers(page)).toEqual(["37"]);
    await page.getByRole("heading", { name: "1 anomaly in 60 rows" }).waitFor();
    await page.getByRole("button", { name: "Store as the detector's threshold" }).click();
    await page.getByText("Stored: version 2 of the detector").waitFor();
    const stored = (await service.ask("GET /api/detectors")).body["items"] as readonly { readonly threshold: number }[];
    expect(stored[0].threshold).toBeCloseTo(between, 6);
    await page.reload();
    await page.getByText("These scores are old: version 1 of the detector made them, and version 2 scores now.").waitFor();
    expect(complaints).toEqual([]);
  });

  it("moves the threshold by dragging over the chart", async () => {
    const { page } = await openResult();
    const box = await page.getByRole("img", { name: /^Distribution of scores/ }).boundingBox();
    const [left, top, width] = [box?.x ?? 0, (box?.y ?? 0) + 80, box?.width ?? 0];
    await page.mouse.move(left + width * 0.3, top);
    await page.mouse.down();
    await page.mouse.move(left + width - 2, top);
    await page.mouse.up();
    await page.getByText("0 of 60 rows").waitFor();
    await page.getByRole("button", { name: /^Back to/ }).click();
    await page.getByText("6 of 60 rows").waitFor();
  });

  it("remembers in this tab which rows were seen, and hides them if asked to", async () => {
    const { page } = await openResult();
    expect((await rowNumbers(page))[0]).toBe("37");
    await page.getByLabel("Row 37 seen").check();
    await page.reload();
    await page.getByLabel("Row 37 seen").waitFor();
    expect(await page.getByLabel("Row 37 seen").isChecked()).toBe(true);
    await page.getByLabel("Hide rows that I have seen").check();
    expect(await rowNumbers(page)).toHaveLength(5);
    expect(await rowNumbers(page)).not.toContain("37");
  });

  it("draws any two columns of numbers, and scores over time where a column is a date", async () => {
    const { page } = await openResult();
    const plane = page.getByRole("region", { name: "Two columns" });
    expect(await plane.locator("circle, polygon").count()).toBe(60);
    expect(await plane.locator(".odd:is(circle, polygon)").count()).toBe(6);
    await plane.getByLabel("across").selectOption({ label: "made" });
    await plane.getByLabel("up").selectOption({ label: "bar" });
    await plane.getByRole("img", { name: /made.*bar|bar.*made/ }).waitFor();
    const time = page.getByRole("region", { name: "Scores over time" });
    await time.getByText("2026-01-", { exact: false }).first().waitFor();
    expect(await time.locator("circle, polygon").count()).toBe(60);
  });

  it("gives the scored rows as a file, all or the anomalies", async () => {
    const { page } = await openResult();
    const download = async () => {
      const coming = page.waitForEvent("download");
      await page.getByRole("button", { name: "Download CSV" }).click();
      const file = await coming;
      return {
        name: file.suggestedFilename(),
        text: readFileSync(await file.path(), "utf8")
          .trimEnd()
          .split("\n"),
      };
    };
    const all = await download();
    expect([all.name, all.text[0], all.text.length]).toEqual([
      "machines-scored.csv",
      "machine,degrees,bar,made,anomaly_score,is_anomaly,rank",
      61,
    ]);
    await page.getByLabel("Only the anomalies, the highest score first").check();
    const anomalies = await download();
    expect(anomalies.text).toHaveLength(7);
    expect(anomalies.text[1]).toMatch(/^m37,90/);
  });

  it("opens a stored data set, what was found in it before, and goes back by the browser", async () => {
    const { page, complaints } = await openResult();
    await page.getByRole("link", { name: "Another file or data set" }).click();
    const stored = page.getByRole("region", { name: "Stored data sets, table" });
    await stored.getByRole("link", { name: "machines.csv" }).last().click();
    await page.getByRole("heading", { name: "Found before" }).waitFor();
    await page
      .getByRole("link", { name: /^\d{4}-\d\d-\d\d/ })
      .first()
      .click();
    await page.getByRole("heading", { name: /anomal(y|ies) in 60 rows/ }).waitFor();
    await page.goBack();
    await page.getByRole("heading", { name: "Found before" }).waitFor();
    await page.getByRole("link", { name: "Operate" }).click();
    await page.getByRole("region", { name: "Throughput" }).waitFor();
    expect(await page.getByRole("link", { name: "Operate" }).getAttribute("aria-current")).toBe("page");
    expect(complaints).toEqual([]);
  });

  it("says that a data set or a result is gone, and offers to try again", async () => {
    const gone = "01a21055-2d3f-7cea-bcec-5a47aec8f7a5";
    for (const [hash, what] of [
      [`#/detect/${gone}`, "The data set was not read"],
      [`${detectHash}/${gone}`, "The result was not read"],
    ]) {
      const { page } = await open(hash);
      const alert = page.getByRole("alert");
      await alert.getByText(what).waitFor();
      expect(await alert.innerText()).toContain("NOT_FOUND");
      await alert.getByRole("button", { name: "Try again" }).click();
      await alert.getByText(what).waitFor();
    }
  });

  it("says what the service says of a file that is none, with field and code", async () => {
    const { page } = await open("#/detect");
    await choose(page, "notes.csv", 'one\n"unclosed');
    const alert = page.getByRole("alert");
    await alert.getByText("notes.csv was not stored").waitFor();
    expect(await alert.innerText()).toMatch(/code FILE_\w+/);
  });

  it("says what the service says of a parameter beyond its limits, and trains with what was set", async () => {
    const { page } = await open(detectHash);
    await page.getByLabel("Algorithm").selectOption("knn");
    const neighbours = page.getByLabel(/^n_neighbors/);
    await neighbours.fill("50000000");
    await page
      .getByLabel("Algorithm")
      .evaluate((element) => (((element as HTMLSelectElement).form as HTMLFormElement).noValidate = true));
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page
      .getByRole("alert")
      .getByText(/n_neighbors must be a whole number from 1 to .*, got 50000000/)
      .waitFor();
    await neighbours.fill("3");
    await page.getByLabel(/^Share of anomalies/).fill("0.05");
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page.getByRole("heading", { name: /anomal(y|ies) in 60 rows/ }).waitFor();
    const code = await page.getByRole("region", { name: "nomaly, code" }).innerText();
    expect(code).toBe("nomaly detect machines.csv -a knn --set n_neighbors=3 --contamination 0.05 --report report.html");
  });
});

describe.skipIf(browser === undefined)("the Detect view of a table so large that jobs work on it (needs Chromium)", () => {
  const rowCount = 5000;
  const table = [
    "x,y",
    ...Array.from({ length: rowCount }, (_, row) => `${Math.sin(row * 1.7).toFixed(4)},${row === 99 ? 50 : row % 83}`),
  ];
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ train_inline_values: "1" });
  });
  afterAll(() => service.close());

  async function openTable(): Promise<Page> {
    const { page } = await openDashboard(browser as Browser, `${service.url}/performance/dashboard#/detect`);
    await choose(page, "table.csv", table.join("\n"));
    await page.getByText("5,000 rows, 2 columns").waitFor();
    return page;
  }

  it("shows counts of all rows, and tells which numbers are estimated from a part of them", async () => {
    const page = await openTable();
    await page.getByLabel("Algorithm").selectOption("isolation-forest");
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page.getByRole("heading", { name: "500 anomalies in 5,000 rows" }).waitFor();
    await page.getByText("Estimated from the rows of the highest scores").waitFor();
    await page.getByText(/1,\d\d\d of 5,000 rows are drawn/).waitFor();
    await page.getByRole("slider", { name: "Threshold" }).press("Home");
    await page.getByRole("heading", { name: /^about (4,9\d\d|5,000) anomalies in 5,000 rows/ }).waitFor();
  });

  it("cancels the job that runs, and removes the detector that came of nothing", async () => {
    const page = await openTable();
    await page.getByLabel(/^n_estimators/).fill("10000");
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page
      .getByRole("status")
      .filter({ hasText: /^Learning what is usual: \d+ %/ })
      .waitFor();
    await page.getByRole("button", { name: "Cancel" }).click();
    await page.getByRole("button", { name: "Find anomalies" }).waitFor();
    await expect
      .poll(async () => (await service.ask("GET /api/jobs?name=train&status=cancelled")).body["items"], { timeout: 60_000 })
      .toHaveLength(1);
    const named = async () =>
      ((await service.ask("GET /api/detectors")).body["items"] as readonly { readonly name: string }[]).map(({ name }) => name);
    await expect.poll(named, { timeout: 60_000 }).not.toContain("auto on table.csv");
  });
});

describe.skipIf(browser === undefined)("the Detect view of a service that wants keys (needs Chromium)", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ auth: "required" });
  });
  afterAll(() => service.close());

  it("works with a key that may train, never shows it, and says what a key that may only read cannot do", async () => {
    const { page } = await openDashboard(browser as Browser, `${service.url}/performance/dashboard#/detect`);
    const signIn = async (key: string) => {
      await page.getByLabel("Key").fill(key);
      await page.getByRole("button", { name: "Sign in" }).click();
      await page.getByText("None yet.").waitFor();
    };
    await signIn(await service.createKey(["read"]));
    await choose(page, "machines.csv", machines);
    await page
      .getByRole("alert")
      .getByText(/code FORBIDDEN/)
      .waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    const key = await service.createKey(["read", "train", "predict"]);
    await signIn(key);
    await choose(page, "machines.csv", machines);
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page.getByRole("region", { name: "TypeScript, code" }).waitFor();
    expect(await page.content()).not.toContain(key);
    expect(await page.getByRole("region", { name: "curl, code" }).innerText()).toContain("$NOMALY_KEY");
  });
});
