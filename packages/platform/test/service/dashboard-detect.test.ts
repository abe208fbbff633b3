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

describe.skipIf(browser === undefined)("the Detect view in a real browser (needs Chromium)", () => {
  let service: TestService;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service.close());

  const open = (hash: string) => openDashboard(browser as Browser, `${service.url}/performance/dashboard${hash}`);

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
});
