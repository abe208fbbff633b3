import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { launchBrowser } from "../../../detect/test-support/browser.ts";
import { freePort } from "../../test-support/servers/free-port.ts";
import { startService, type TestService } from "../../test-support/servers/service.ts";

const browser: Browser | undefined = await launchBrowser();
afterAll(() => browser?.close());

/** What the browser complains of is a fault of the page. */
async function openPage(url: string): Promise<{ readonly page: Page; readonly complaints: string[] }> {
  const context = await (browser as Browser).newContext({ viewport: { width: 1200, height: 900 } });
  onTestFinished(() => context.close());
  const page = await context.newPage();
  const complaints: string[] = [];
  page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
  page.on("pageerror", (error) => complaints.push(error.message));
  await page.goto(url);
  return { page, complaints };
}

/** The large number of a card, without its unit. */
async function numberOf(page: Page, card: string): Promise<number> {
  const text = await page.getByRole("region", { name: card }).locator(".value").innerText();
  return Number.parseFloat(text);
}

describe.skipIf(browser === undefined)("the dashboard in a real browser (needs Chromium)", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  it("shows the four cards live: a request changes the number and the line that it draws", async () => {
    const { page, complaints } = await openPage(`${service.url}/performance/dashboard`);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    for (const card of ["Response Time", "Throughput", "Memory Usage", "Error Rate"]) {
      await page.getByRole("region", { name: card }).getByRole("img", { name: card }).waitFor();
    }
    const before = await numberOf(page, "Throughput");
    const drawnBefore = await page.getByRole("region", { name: "Throughput" }).locator("path.line").getAttribute("d");
    for (let i = 0; i < 300; i++) await service.ask("GET /api/algorithms/pca");
    await page.waitForFunction(
      (least) => Number.parseFloat(document.querySelectorAll(".value")[1]?.textContent ?? "") > least,
      before + 2,
    );
    expect(await page.getByRole("region", { name: "Throughput" }).locator("path.line").getAttribute("d")).not.toBe(drawnBefore);
    await page.getByRole("row", { name: "/api/algorithms/:id 300 " }).waitFor();
    expect(await numberOf(page, "Memory Usage")).toBeGreaterThan(0);
    expect(complaints).toEqual([]);
  });

  it("writes ms with 2 decimals, requests a second with 1, memory with 1 and errors with 2", async () => {
    const { page } = await openPage(service.url);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    const texts = await page.locator(".value").allInnerTexts();
    const forms = [/^\d+\.\d\d ms$/, /^\d+\.\d req\/s$/, /^\d+\.\d %$/, /^\d+\.\d\d %$/];
    for (const [index, form] of forms.entries()) expect(texts[index]).toMatch(form);
  });

  it("shows every part with what its numbers mean, and jobs that can be cancelled and tried again", async () => {
    const rows = Array.from({ length: 3000 }, (_, row) => ({ x: Math.sin(row) * 50, y: Math.cos(row * 1.7) }));
    const made = await service.ask("POST /api/detectors", { json: { name: "slow", algorithm_name: "lof" } });
    const stored = await service.ask("POST /api/datasets", { json: { name: "rows", data: rows } });
    const given = { detector_id: made.body["id"], dataset_id: stored.body["id"], background: true };
    const { page, complaints } = await openPage(service.url);
    for (const part of ["Event loop", "Database", "Connections: database", "Jobs waiting", "Workers", "Cache", "Memory"]) {
      const card = page.getByRole("region", { name: part, exact: true });
      await card.waitFor();
      const [numbers, meanings] = [card.locator(".fact"), card.locator("dd.meaning")];
      expect(await numbers.count()).toBeGreaterThan(0);
      expect(await meanings.count()).toBe(await numbers.count());
    }
    expect((await service.ask("POST /api/detection/train", { json: given })).status).toBe(202);
    const row = page.getByRole("row", { name: /^train / }).first();
    await row.waitFor();
    const cancel = row.getByRole("button", { name: "Cancel" });
    // A quick machine may have trained before the click.
    if (
      await cancel.click({ timeout: 2000 }).then(
        () => true,
        () => false,
      )
    ) {
      const ended = page.getByRole("row", { name: /^train (cancelled|succeeded) / }).first();
      await ended.waitFor();
      if (/cancelled/.test(await ended.innerText())) {
        await ended.getByRole("button", { name: "Try again" }).click();
        await page
          .getByRole("row", { name: /^train (queued|running|succeeded) / })
          .first()
          .waitFor();
      }
    }
    expect(complaints).toEqual([]);
  });

  it("asks every 5 seconds while the live stream is cut, and says so", async () => {
    const context = await (browser as Browser).newContext();
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.route("**/api/performance/stream", (route) => route.abort());
    let askCount = 0;
    page.on("request", (request) => request.url().endsWith("/api/performance/metrics") && askCount++);
    await page.goto(service.url);
    await page.getByRole("status").filter({ hasText: "The live stream is cut: asked every 5 s" }).waitFor();
    const countBefore = askCount;
    await page.waitForTimeout(6000);
    expect(askCount).toBeGreaterThan(countBefore);
    await page.unroute("**/api/performance/stream");
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
  });
});

describe.skipIf(browser === undefined)("the dashboard of a service that goes away or wants keys (needs Chromium)", () => {
  it("shows old numbers as stale when the service stops, and comes back by itself", async () => {
    const settings = { port: String(await freePort()) };
    const first = await startService(settings);
    const { page } = await openPage(first.url);
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await first.close();
    const stale = /^Stale: the service does not answer; these numbers are \d+ s old/;
    await page.getByRole("status").filter({ hasText: stale }).waitFor();
    expect(await page.locator("main.is-stale").count()).toBe(1);
    const second = await startService(settings);
    onTestFinished(() => second.close());
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    expect(await page.locator("main.is-stale").count()).toBe(0);
  });

  it("signs in with a key of scope read, keeps it in this tab, and says why a wrong one does not do", async () => {
    const service = await startService({ auth: "required" });
    onTestFinished(() => service.close());
    const { page } = await openPage(service.url);
    const key = await service.createKey(["read"]);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    await page.getByLabel("Key").fill("no-such-key");
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("alert").filter({ hasText: "not known" }).waitFor();
    await page.getByLabel("Key").fill(key);
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await page.reload();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    await page.getByRole("button", { name: "Sign out" }).click();
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await page.evaluate(() => sessionStorage.length)).toBe(0);
  });
});
