/** The peers' Python. */

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join, resolve } from "node:path";

const environment = resolve(import.meta.dirname, "../.venv");

/** The peers' Python, made in .venv when Python is there; undefined where it is not. */
export function preparePython(): string | undefined {
  const python = process.env["NOMALY_PEERS_PYTHON"] ?? join(environment, "bin/python");
  if (existsSync(python)) return python;
  try {
    execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
    const requirements = join(import.meta.dirname, "peers/requirements.txt");
    execFileSync(python, ["-m", "pip", "install", "--quiet", "-r", requirements], { stdio: "inherit" });
    return python;
  } catch (error) {
    console.error(`no Python peers (${String(error)}): measuring our side alone`);
    return undefined;
  }
}
