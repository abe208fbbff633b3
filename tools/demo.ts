/** The demo: finds the odd cars in a small data set that ships with the project, and writes the report as a page. */

import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { relative, resolve } from "node:path";
import { pathToFileURL } from "node:url";

const root = resolve(import.meta.dirname, "..");
const report = resolve(root, "out", "cars.html");
mkdirSync(resolve(root, "out"), { recursive: true });

const words = [
  "detect",
  "fixtures/cars.csv",
  "--id",
  "name",
  "--contamination",
  "0.05",
  "--top",
  "15",
  "--report",
  relative(root, report),
];
console.log(`nomaly ${words.join(" ")}\n`);
const { status } = spawnSync(process.execPath, [resolve(root, "packages/platform/bin/nomaly.js"), ...words], {
  cwd: root,
  stdio: "inherit",
});
if (status === 0) console.log(`\nOpen ${pathToFileURL(report).href} in a browser.`);
process.exitCode = status ?? 1;
