import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { launchBrowser } from "../../detect/test-support/browser.ts";
import { startService, type TestService } from "../../platform/test-support/servers/service.ts";

const browser: Browser | undefined = await launchBrowser();
afterAll(() => browser?.close());

const rows = Array.from({ length: 40 }, (_, row) => `${row === 7 ? 90 : 20 + (row % 9)},${row % 5},2026-01-${10 + (row % 9)}`);
const file = { name: "rows.csv", mimeType: "text/csv", buffer: Buffer.from(["degrees,bar,made", ...rows].join("\n")) };

/** Rule and place of each fault that axe finds. */
async function faultsOf(page: Page): Promise<readonly string[]> {
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.addScriptTag({ content: axe.source });
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run(document);
    return violations.flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} ${target.join(" ")}: ${failureSummary}`),
    );
  });
}

const looks = [
  ["light", { colorScheme: "light", viewport: { width: 1200, height: 900 } }],
  ["dark", { colorScheme: "dark", viewport: { width: 1200, height: 900 } }],
  ["on a phone", { colorScheme: "light", viewport: { width: 390, height: 800 } }],
] as const;

describe.skipIf(browser === undefined).each(looks)("axe finds no fault, %s (needs Chromium)", (_, look) => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService({ auth: "required" });
  });
  afterAll(() => service.close());

  async function open(hash: string): Promise<Page> {
    // The policy of the page would refuse the checker's script.
    const context = await (browser as Browser).newContext({ ...look, bypassCSP: true });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    await page.goto(`${service.url}/performance/dashboard${hash}`);
    await page.getByRole("heading", { name: "Sign in" }).waitFor();
    return page;
  }

  async function openSignedIn(hash: string): Promise<Page> {
    const page = await open(hash);
    await page.getByLabel("Key").fill(await service.createKey(["read", "train", "predict"]));
    await page.getByRole("button", { name: "Sign in" }).click();
    await page.getByRole("status").filter({ hasText: "Live" }).waitFor();
    return page;
  }

  it("who is signed out sees both views without a fault", async () => {
    for (const hash of ["#/operate", "#/detect"]) expect(await faultsOf(await open(hash))).toEqual([]);
  });

  it("the operator's view", async () => {
    const page = await openSignedIn("#/operate");
    await page.getByRole("img", { name: "Throughput" }).waitFor();
    await page.getByRole("region", { name: "Endpoints, table" }).waitFor();
    expect(await faultsOf(page)).toEqual([]);
  });

  it("the way from a file to its anomalies: nothing stored, a fault, columns and detector, anomalies", async () => {
    const page = await openSignedIn("#/detect");
    await page.getByText("None yet.").waitFor();
    expect(await faultsOf(page)).toEqual([]);
    const input = page.locator("input[type=file]");
    await input.setInputFiles({ ...file, buffer: Buffer.alloc(0) });
    await page.getByRole("alert").waitFor();
    expect(await faultsOf(page)).toEqual([]);
    await input.setInputFiles(file);
    await page.getByRole("region", { name: "Columns, table" }).waitFor();
    await page.getByText(/^More parameters/).click();
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole("button", { name: "Find anomalies" }).click();
    await page.getByRole("region", { name: "Top anomalies, table" }).waitFor();
    await page.getByText("All values").first().click();
    await page.getByText("The usual values of each column").click();
    await page
      .getByRole("checkbox", { name: / seen$/ })
      .first()
      .check();
    expect(await faultsOf(page)).toEqual([]);
  });
});
