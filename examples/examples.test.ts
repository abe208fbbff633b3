import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Browser, Page } from "playwright-core";
import { build } from "vite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launchBrowser, type PageServer, serveFolder } from "../packages/detect/test-support/browser.ts";

const run = promisify(execFile);
const output = mkdtempSync(join(tmpdir(), "nomaly-examples-"));
const browser: Browser | undefined = await launchBrowser();

afterAll(async () => {
  await browser?.close();
  rmSync(output, { recursive: true, force: true });
});

async function runExample(folder: string): Promise<string[]> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, folder, "main.ts")]);
  return stdout.trim().split("\n");
}

describe("examples on Node", () => {
  it("ten-lines names the odd car and its horsepower", async () => {
    const [odd, fresh] = await runExample("ten-lines");
    expect(odd).toBe("car 33: horsepower 230; 1 of 60 are anomalous");
    expect(fresh).toMatch(/^a new car scores [\d.]+, the limit is [\d.]+$/);
  });

  it("streaming scores the shifted level high at first, and lower once it has learned it", async () => {
    const means = (await runExample("streaming")).map((line) => Number(line.split(" ").at(-1)));
    expect(means).toHaveLength(6);
    expect(means[2]).toBeGreaterThan(means[1]);
    expect(means[5]).toBeLessThan(means[2]);
  });

  it("http-service scores posted rows and refuses others in words", async () => {
    const service = spawn(process.execPath, [join(import.meta.dirname, "http-service/main.ts")], {
      env: { ...process.env, PORT: "0" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    try {
      const url = await listeningUrl(service);
      const post = (rows: unknown) => fetch(url, { method: "POST", body: JSON.stringify(rows) });
      const good = await post([
        { latency_ms: 30, size_kb: 8 },
        { latency_ms: 900, size_kb: 8 },
      ]);
      expect(await good.json()).toMatchObject({ labels: [0, 1] });
      const bad = await post([{ size_kb: 8 }]);
      expect(bad.status).toBe(422);
      expect(await bad.json()).toMatchObject({ code: "COLUMN", field: "latency_ms" });
    } finally {
      service.kill();
    }
  });
});

function listeningUrl(service: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    service.stdout?.on("data", (text: Buffer) => {
      const url = /http:\S+/.exec(text.toString())?.[0];
      if (url !== undefined) resolve(url);
    });
    service.on("exit", (code) => reject(new Error(`the service exited with ${code}`)));
  });
}

describe.skipIf(browser === undefined)("the example page browser/ (needs Chromium)", () => {
  const folder = join(import.meta.dirname, "browser");
  let server: PageServer;
  let page: Page;

  beforeAll(async () => {
    await build({ root: folder, logLevel: "error", build: { outDir: output, emptyOutDir: true } });
    server = await serveFolder(output, { isolated: true });
    page = await (browser as Browser).newPage();
    await page.goto(`${server.url}/`);
  });

  afterAll(() => server.close());

  async function openFile(name: string, text: string): Promise<void> {
    await page.setInputFiles("#file", { name, mimeType: "text/csv", buffer: Buffer.from(text) });
    await page.locator(`#result[data-file="${name}"]:not([hidden])`).waitFor();
  }

  it("shows the odd rows of a dropped file, with the column that made them", async () => {
    const rows = Array.from({ length: 200 }, (_, i) => `${50 + ((i * 13) % 9)},${i === 42 ? 999 : 5 + ((i * 7) % 6)}`);
    const buffer = Buffer.from(`speed,"fuel, litres"\n${rows.join("\n")}\n`);
    await page.selectOption("#detector", "robust-z");
    await page.setInputFiles("#file", { name: "trips.csv", mimeType: "text/csv", buffer });
    const first = page.locator("#rows tr").nth(1);
    await first.waitFor();
    expect(await first.innerText()).toMatch(/^43\s[\s\S]*fuel, litres 999/);
    expect(await page.locator("#histogram rect").count()).toBe(40);
  });

  it("gives the file back with score, label and rank behind", async () => {
    const [download] = await Promise.all([page.waitForEvent("download"), page.click("#download")]);
    const lines = readFileSync(await download.path(), "utf8")
      .trim()
      .split("\n");
    expect(lines[0]).toBe('speed,"fuel, litres",anomaly_score,is_anomaly,rank');
    expect(lines).toHaveLength(201);
    expect(lines[43]).toMatch(/^\d+,999,[\d.]+,1,[\d.]+$/);
  });

  it("finds something in its own sample with every detector", async () => {
    await page.reload();
    await page.click("#sample");
    for (const id of await page.locator("#detector option").allInnerTexts()) {
      await page.selectOption("#detector", id);
      await page.locator(`#result[data-detector="${id}"]:not([hidden]), #error:not([hidden])`).waitFor();
      expect(await page.locator("#error").isHidden(), id).toBe(true);
      expect(await page.locator("#rows tr").count(), id).toBe(21);
    }
  });

  it("says in one sentence what is wrong with a file", async () => {
    const messageFor = async (name: string, buffer: Buffer) => {
      await page.setInputFiles("#file", { name, mimeType: "text/csv", buffer });
      await page.locator("#error:not([hidden])").waitFor();
      return page.locator("#error").innerText();
    };
    expect(await messageFor("bad.csv", Buffer.from("a,b\n1,2\n3\n"))).toBe(
      "this is not CSV: row 2 has 1 field, the first line has 2 fields",
    );
    await page.selectOption("#detector", "robust-z");
    await openFile("good.csv", "a,b\n1,2\n3,5\n2,2\n");
    expect(await messageFor("rows.parquet", Buffer.from([80, 65, 82, 49, 0, 1]))).toMatch(/^this is not CSV but a Parquet file;/);
  });

  it("leaves a label column out unless it is ticked, and says so", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => `${50 + ((i * 13) % 9)},${(i * 7) % 6},${i === 42 ? 1 : 0}`);
    await openFile("labelled.csv", `speed,fuel,label\n${rows.join("\n")}\n`);
    expect(await page.locator("#column-list").innerText()).toContain("looks like a label");
    expect(await page.locator("#column-count").innerText()).toBe("2 of 3");
    await page.check("#column-list input[value=label]");
    await page.locator("#column-count", { hasText: "3 of 3" }).waitFor();
    await page.uncheck("#column-list input[value=speed]");
    await page.locator("#column-count", { hasText: "2 of 3" }).waitFor();
  });

  it("reads dates and missing values, and shows large numbers whole", async () => {
    const rows = Array.from({ length: 60 }, (_, i) => {
      const day = i === 42 ? "1999-01-01" : `2024-05-${String(1 + (i % 28)).padStart(2, "0")}`;
      return `${day},${i === 50 ? 9_999_999 : 1932 + (i % 5)},${i === 3 ? "NA" : i % 4}`;
    });
    await page.selectOption("#detector", "robust-z");
    await openFile("dated.csv", `day,amount,count\n${rows.join("\n")}\n`);
    const reasons = await page.locator("#rows tr").allInnerTexts();
    expect(reasons[1]).toContain("amount 9,999,999 usual 1932 to 1936");
    expect(reasons[2]).toContain("day 1999-01-01 usual 2024-05-0");
  });

  it("keeps within a narrow screen", async () => {
    await page.setViewportSize({ width: 420, height: 900 });
    await page.reload();
    await page.click("#sample");
    await page.locator("#file-name", { hasText: "cars.csv" }).waitFor();
    await page.locator("#result:not([hidden])").waitFor();
    const widths = await page.evaluate(() =>
      [document.documentElement, document.querySelector(".table")].map((box) => [box?.scrollWidth, box?.clientWidth]),
    );
    for (const [needed, given] of widths) expect(needed).toBe(given);
  });
});
