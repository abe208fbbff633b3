/**
 * Runs some tests of each kind in a checkout that only its owner may enter, as below root's home in a container: once as root,
 * for whom PostgreSQL runs as another user, and once as a user without rights.
 */

import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { outputCharsMax, runCommand } from "./ci-command.ts";
import type { Outcome } from "./ci-tests.ts";
import { copyCheckout } from "./copy-checkout.ts";

interface Representative {
  readonly file: string;
  readonly title: string;
}

/** One test each starts the embedded database, a database of its own and the program, and one installs the packed packages. */
const representatives: readonly Representative[] = [
  { file: "packages/platform/src/store/embedded/start-embedded.test.ts", title: "is made at the first start" },
  {
    file: "packages/platform/src/store/tables/tables.test.ts",
    title: "keep what the cache must forget until somebody has done it",
  },
  {
    file: "packages/platform/test/service/service.test.ts",
    title: "the service on its embedded database predicts the same after",
  },
  { file: "packages/platform/test/command/pack.test.ts", title: "nomaly detect finds the odd row" },
];
/** Another user's programs must lie where that user may enter. */
const forRoot = [{ file: representatives[0].file, title: "runs as the user who starts it when that is not root" }];
/** A test that needs others of its file to run before it. */
const together = "the service on its embedded database";
const runMsMax = 300_000;

interface User {
  readonly uid: number;
  readonly gid: number;
}

export interface ClosedOutcome extends Outcome {
  /** The output of the tests, when some failed. */
  readonly output: string;
}

export async function closedFolderOutcomes(root: string): Promise<ClosedOutcome[]> {
  const nobody = process.platform === "linux" && process.getuid?.() === 0 ? findNobody() : undefined;
  if (nobody === undefined) {
    const skips = ["a checkout that only its owner may enter, as root and as a user without rights: not root on Linux here"];
    return [{ name: "closed-folder", passed: 0, failed: 0, skipped: 1, skips, seconds: 0, output: "" }];
  }
  return Promise.all([inClosedCopy(root, "closed-root"), inClosedCopy(root, "closed-nobody", nobody)]);
}

/** In a copy of its own, so that the runs of both users can share the time. */
async function inClosedCopy(root: string, name: string, user?: User): Promise<ClosedOutcome> {
  // Only its owner may enter it.
  const scratch = mkdtempSync(join(tmpdir(), "nomaly-closed-"));
  try {
    const copy = copyCheckout(root, join(scratch, "nomaly"));
    // Folders alone: files may be hard links to those of the checkout.
    if (user !== undefined) {
      spawnSync("find", [scratch, "-type", "d", "-exec", "chown", `${user.uid}:${user.gid}`, "{}", "+"]);
    }
    return await runIn(copy, name, user);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** The user without rights that every system has. */
function findNobody(): User | undefined {
  const fields = /^nobody:[^:]*:(\d+):(\d+)/m.exec(readFileSync("/etc/passwd", "utf8"));
  return fields === null ? undefined : { uid: Number(fields[1]), gid: Number(fields[2]) };
}

interface TestReport {
  readonly testResults: readonly {
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

async function runIn(copy: string, name: string, user?: User): Promise<ClosedOutcome> {
  const start = performance.now();
  const home = mkdtempSync(join(copy, `../${name}-`));
  if (user !== undefined) spawnSync("chown", [`${user.uid}:${user.gid}`, home]);
  const report = join(home, "report.json");
  const node = [join(copy, "node_modules/.bin/node"), process.execPath].find((path) => existsSync(path)) ?? process.execPath;
  const expected = user === undefined ? [...representatives, ...forRoot] : representatives;
  const titles = [together, ...expected.map(({ title }) => title)];
  const options = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`, "-t", titles.join("|")];
  const files = representatives.map(({ file }) => file);
  const vitest = join(copy, "node_modules/vitest/vitest.mjs");
  // Root's databases lie in the machine's temporary folder, where their user may enter; `nobody` has everything in one place.
  const env = user === undefined ? {} : { HOME: home, TMPDIR: home, npm_config_cache: join(home, "npm") };
  const { output } = await runCommand([node, vitest, "run", ...options, ...files], { root: copy, msMax: runMsMax, env, user });
  const results = existsSync(report) ? (JSON.parse(readFileSync(report, "utf8")) as TestReport).testResults : [];
  const tests = results.flatMap(({ assertionResults }) => assertionResults);
  const isPassed = (title: string) => tests.some(({ fullName, status }) => status === "passed" && fullName.includes(title));
  const passed = expected.filter(({ title }) => isPassed(title)).length;
  const failed = expected.length - passed;
  const seconds = (performance.now() - start) / 1000;
  return { name, passed, failed, skipped: 0, skips: [], seconds, output: failed === 0 ? "" : output.slice(-outputCharsMax) };
}
