import { execFile, spawnSync } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { makeDataFolder, type ServiceProcess, startService } from "../packages/platform/test-support/servers/service-process.ts";

const run = promisify(execFile);
const folder = makeDataFolder();
let service: ServiceProcess;

beforeAll(async () => {
  service = await startService({ dataFolder: folder.path });
});

afterAll(async () => {
  await service.end("SIGTERM");
  await folder.remove();
});

const isThere = (program: string) => spawnSync(program, ["--version"]).status === 0;

function runExample(program: string, path: string, environment: Readonly<Record<string, string>> = {}) {
  const env = { ...process.env, NOMALY_URL: service.url, ...environment };
  return run(program, [join(import.meta.dirname, path)], { env });
}

const header = /^name,miles_per_gallon.*anomaly_score,is_anomaly,rank$/;

describe("examples of the service", () => {
  it("service-typescript trains by a job, names the oddest cars and fetches the scored rows", async () => {
    const { stdout } = await runExample(process.execPath, "service-typescript/main.ts");
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^392 rows with /);
    expect(lines).toContain("succeeded 1");
    expect(lines.filter((line) => /^row \d+, rank [\d.]+: \w+ .*, usual is /.test(line))).toHaveLength(3);
    expect(lines.at(-1)).toMatch(header);
  });

  it("service-typescript says in one line that no service is there", async () => {
    const failed = runExample(process.execPath, "service-typescript/main.ts", { NOMALY_URL: "http://127.0.0.1:1" });
    await expect(failed).rejects.toMatchObject({ code: 1, stderr: expect.stringMatching(/^UNREACHABLE: no answer came.*\n$/) });
  });

  it.skipIf(!isThere("curl"))("service-curl prints the scored rows as CSV (needs curl)", async () => {
    const { stdout, stderr } = await runExample("sh", "service-curl/main.sh");
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(header);
    expect(lines).toHaveLength(393);
    expect(stderr).toMatch(/"is_anomaly":true.*"reasons":\[\{"column":/);
  });

  it.skipIf(!isThere("python3"))("service-python scores cars with the standard library (needs python3)", async () => {
    const { stdout } = await runExample("python3", "service-python/main.py");
    const lines = stdout.trim().split("\n");
    expect(lines[0]).toMatch(/^392 rows in data set /);
    expect(lines.filter((line) => /: score [\d.]+, rank [\d.]+$/.test(line))).toHaveLength(5);
    expect(lines.at(-1)).toMatch(header);
  });
});
