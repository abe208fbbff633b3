/** Runs Schemathesis, which tests HTTP services by their description, in its own Python environment. */

import { spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Fixed, since another version may find other faults. */
const release = "4.32.5";
const installMsMax = 300_000;
const runMsMax = 1_800_000;
const outputCharsMax = 200_000;

export interface Schemathesis {
  /** Tests the service at this address. @returns its output, and whether it found no fault. */
  run(url: string, options: RunOptions): Promise<{ readonly isClean: boolean; readonly output: string }>;
  close(): void;
}

export interface RunOptions {
  readonly key: string;
  readonly seed: number;
  /** Requests for each operation and kind of test. */
  readonly exampleCount: number;
}

/**
 * All checks are on. Two of them are configured with the statuses that are right here:
 *
 * - `positive_data_acceptance` reports a refusal of a request that its schema allows. A schema cannot express all rules: `cursor` is
 *   opaque, the columns of rows and the parameters of a threshold depend on other fields, `data` and `dataset_id` exclude each other,
 *   a file may hold no table. So 400, 412 and 422 are allowed; it reports any other refusal.
 * - `negative_data_rejection` by itself does not count 412, 413, 414 and 431 as refusals.
 */
const configuration = `
continue-on-failure = true

[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 400, 401, 403, 404, 409, 412, 422, 429, 503]

[checks.negative_data_rejection]
expected-statuses = [400, 401, 403, 404, 405, 406, 409, 412, 413, 414, 415, 422, 428, 429, 431, 503]
`;

/** Installs Schemathesis. @returns undefined, and prints the reason, where Python or the package is not available. */
export async function openSchemathesis(): Promise<Schemathesis | undefined> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-schemathesis-"));
  const close = () => rmSync(folder, { recursive: true, force: true });
  const environment = join(folder, "environment");
  const programs = join(environment, process.platform === "win32" ? "Scripts" : "bin");
  for (const [program, ...words] of [
    ["python3", "-m", "venv", environment],
    [join(programs, "python"), "-m", "pip", "install", "--quiet", `schemathesis==${release}`],
  ]) {
    const { code, output } = await runProgram(program, words, { folder, msMax: installMsMax });
    if (code === 0) continue;
    console.error(`no Schemathesis: ${output.trim().slice(-500)}`);
    close();
    return undefined;
  }
  return {
    close,
    async run(url, { key, seed, exampleCount }) {
      const settings = join(folder, "schemathesis.toml");
      writeFileSync(settings, configuration);
      const place = join(folder, `seed-${seed}`);
      if (!existsSync(place)) mkdirSync(place);
      const words = [
        "--config-file",
        settings,
        "run",
        `${url}/openapi.json`,
        "-H",
        `Authorization: Bearer ${key}`,
        "--checks",
        "all",
        // Its answer has no end.
        "--exclude-path",
        "/api/performance/stream",
      ];
      const bounds = ["--seed", String(seed), "--max-examples", String(exampleCount), "--no-color"];
      const { code, output } = await runProgram(join(programs, "schemathesis"), [...words, ...bounds], {
        folder: place,
        msMax: runMsMax,
      });
      return { isClean: code === 0, output };
    },
  };
}

interface Place {
  readonly folder: string;
  readonly msMax: number;
}

/** A program that cannot be started gives its own exit code. */
function runProgram(
  program: string,
  words: readonly string[],
  { folder, msMax }: Place,
): Promise<{ code: number; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(program, words, { cwd: folder, stdio: ["ignore", "pipe", "pipe"], timeout: msMax });
    let output = "";
    const take = (chunk: Buffer) => (output = (output + chunk.toString()).slice(-outputCharsMax));
    child.stdout.on("data", take);
    child.stderr.on("data", take);
    child.on("error", (error) => resolve({ code: 127, output: String(error) }));
    child.on("close", (code) => resolve({ code: code ?? 1, output }));
  });
}
