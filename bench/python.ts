/** The peers' Python. */

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const environment = resolve(import.meta.dirname, "../.venv");

const requirements = join(import.meta.dirname, "peers/requirements.txt");
/** The requirements that are installed there. */
const installed = join(environment, "requirements.txt");

/** The peers' Python, made in .venv when Python is there and again when the requirements changed; undefined where it is not. */
export function preparePython(): string | undefined {
  const given = process.env["NOMALY_PEERS_PYTHON"];
  if (given !== undefined && given !== "") return given;
  const python = join(environment, "bin/python");
  const isCurrent = existsSync(installed) && readFileSync(installed, "utf8") === readFileSync(requirements, "utf8");
  // A link to a removed Python does not exist for existsSync.
  if (isCurrent && existsSync(python)) return python;
  try {
    execFileSync("python3", ["-m", "venv", "--clear", environment], { stdio: "inherit" });
    execFileSync(python, ["-m", "pip", "install", "--quiet", "-r", requirements], { stdio: "inherit" });
    copyFileSync(requirements, installed);
    return python;
  } catch (error) {
    console.error(`no Python peers (${String(error)}): measuring our side alone`);
    return undefined;
  }
}
