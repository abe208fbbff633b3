import { expect, it, onTestFinished, vi } from "vitest";
import { runInProcess } from "../../test-support/run-cli.ts";
import { freePort } from "../../test-support/servers/free-port.ts";
import { startService } from "../../test-support/servers/service.ts";

interface Diagnosis {
  readonly status: string;
  readonly findings: readonly { readonly id: string; readonly severity: string; readonly next_step: string }[];
  readonly checks: readonly unknown[];
}

it("names a service that is not there, and the next step", async () => {
  const url = `http://127.0.0.1:${await freePort()}`;
  const { code, stdout, stderr } = await runInProcess(["doctor", "--url", url]);
  expect(code).toBe(5);
  expect(stdout).toContain(`critical  service: ${url} gives no diagnosis`);
  expect(stdout).toContain("look whether `nomaly serve` runs there");
  expect(stderr).toContain("1 of 1 checks found something to do");
});

it("refuses an address that is none", async () => {
  const { code, stderr } = await runInProcess(["doctor", "--url", "not an address"]);
  expect([code, stderr]).toEqual([2, expect.stringContaining("--url must be an address")]);
});

it("shows what a running service finds, as text and as JSON, with the exit code of a finding", async () => {
  const service = await startService({ auth: "required" });
  onTestFinished(() => service.close());
  const refused = await runInProcess(["doctor", "--url", service.url]);
  expect([refused.code, refused.stdout]).toEqual([5, expect.stringContaining("wants another key")]);
  vi.stubEnv("NOMALY_API_KEY", await service.createKey(["read"]));
  onTestFinished(() => void vi.unstubAllEnvs());
  const { code, stdout } = await runInProcess(["doctor", "--url", service.url, "--json"]);
  const diagnosis = JSON.parse(stdout) as Diagnosis;
  const urgent = diagnosis.findings.filter(({ severity }) => severity !== "info");
  expect(diagnosis.checks.length).toBeGreaterThan(10);
  // The machine of the test may have a full disk or be busy; nothing else may be found.
  const ofMachine = ["disk", "event-loop", "memory", "database.memory"];
  expect(urgent.filter(({ id }) => !ofMachine.includes(id))).toEqual([]);
  expect(code).toBe(urgent.length > 0 ? 5 : 0);
});
