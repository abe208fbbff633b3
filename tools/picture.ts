/** Makes docs/images/report.png: the upper part of the report on fixtures/cars.csv, as a browser shows it. Needs a build. */

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { launchBrowser } from "../packages/detect/test-support/browser.ts";

const root = resolve(import.meta.dirname, "..");
const picture = join(root, "docs/images/report.png");
const size = { width: 1100, height: 1450 };

const folder = mkdtempSync(join(tmpdir(), "nomaly-picture-"));
const report = join(folder, "report.html");
const command = [join(root, "packages/platform/bin/nomaly.js"), "detect", join(root, "fixtures/cars.csv")];
execFileSync(process.execPath, [...command, "--id", "name", "--contamination", "0.05", "--report", report], { stdio: "ignore" });

const browser = await launchBrowser();
if (browser === undefined) throw new Error("no browser to make the picture with");
try {
  const page = await browser.newPage({ viewport: size, colorScheme: "light" });
  await page.goto(pathToFileURL(report).href);
  mkdirSync(dirname(picture), { recursive: true });
  await page.screenshot({ path: picture });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true, force: true });
}
