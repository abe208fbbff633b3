/** Draws real tables from Python packages, runs `nomaly detect` without options on each, and compares `nomaly describe` with pandas. */

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { runInProcess } from "../run-cli.ts";
import { type DescribedTable, differences, type ToldTable } from "./compare-tables.ts";

const environment = resolve(import.meta.dirname, "../../../../out/real-tables/python");
const requirements = join(import.meta.dirname, "requirements.txt");
/** The requirements that are installed there. */
const installed = join(environment, "requirements.txt");
const python = join(environment, process.platform === "win32" ? "Scripts/python" : "bin/python");
const installMsMax = 1_200_000;
const drawMsMax = 1_800_000;
const messageLengthMax = 300;

/** Makes the Python environment, or makes it again when the requirements changed. @returns why it cannot be had, or undefined. */
export function prepareTables(): string | undefined {
  const isCurrent = existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(requirements, "utf8");
  if (isCurrent && existsSync(python)) return undefined;
  try {
    mkdirSync(environment, { recursive: true });
    const options = { stdio: "pipe", timeout: installMsMax } as const;
    execFileSync("python3", ["-m", "venv", "--clear", environment], options);
    execFileSync(python, ["-m", "pip", "install", "--quiet", "-r", requirements], options);
    copyFileSync(requirements, installed);
    return undefined;
  } catch (error) {
    return String(error).trim().slice(0, messageLengthMax);
  }
}

export interface DrawnTables {
  readonly seed: number;
  /** Version of pandas. */
  readonly pandas: string;
  readonly tables: readonly ToldTable[];
}

/** Draws `count` tables into the folder. */
export function drawTables(folder: string, { seed, count }: { readonly seed: number; readonly count: number }): DrawnTables {
  rmSync(folder, { recursive: true, force: true });
  const script = join(import.meta.dirname, "draw_tables.py");
  execFileSync(python, [script, "--seed", String(seed), "--count", String(count), folder], { stdio: "pipe", timeout: drawMsMax });
  return JSON.parse(readFileSync(join(folder, "tables.json"), "utf8")) as DrawnTables;
}

export interface CheckedTable {
  readonly told: ToldTable;
  /** Exit code of `nomaly detect FILE`: 0, 3 for a refusal; anything else is a crash. */
  readonly code: number;
  readonly message: string;
  readonly seconds: number;
  /** What `nomaly describe` and pandas say differently. */
  readonly misread: readonly string[];
}

export async function checkTable(folder: string, told: ToldTable): Promise<CheckedTable> {
  const file = join(folder, told.file);
  const start = performance.now();
  const detected = await runInProcess(["detect", file]);
  const seconds = (performance.now() - start) / 1000;
  const described = await runInProcess(["describe", file, "--json"]);
  const misread =
    described.code === 0 ? differences(told, JSON.parse(described.stdout) as DescribedTable) : [described.stderr.trim()];
  // A file that is refused is misread by nobody.
  return { told, code: detected.code, message: detected.stderr.trim(), seconds, misread: detected.code === 0 ? misread : [] };
}
