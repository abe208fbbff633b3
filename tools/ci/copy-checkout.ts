/** A copy of the checkout as it stands, to run tests in. */

import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";

/** Copies all but the history, build outputs included. Installed packages are hard-linked where possible: they do not change. */
export function copyCheckout(root: string, copy: string): string {
  mkdirSync(copy);
  for (const name of readdirSync(root).filter((one) => one !== ".git" && one !== "node_modules")) {
    cpSync(join(root, name), join(copy, name), { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
  }
  const [from, to] = [join(root, "node_modules"), join(copy, "node_modules")];
  if (spawnSync("cp", ["-al", from, to]).status !== 0) {
    rmSync(to, { recursive: true, force: true });
    if (spawnSync("cp", ["-a", from, to]).status !== 0) throw new Error(`${from} cannot be copied to ${to}`);
  }
  return copy;
}
