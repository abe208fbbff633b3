import { execFile, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { errorCodes, NomalyError } from "@nomaly/detect";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { settingSpecs, variableOf } from "../../src/config/settings.ts";
import { problemOf } from "../../src/http/answers/problem.ts";
import { makeDataFolder, type ServiceProcess, startService } from "../../test-support/servers/service-process.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "../../../..");
const page = readFileSync(join(root, "docs/service.md"), "utf8");
const blocksOf = (language: string, text = page) =>
  [...text.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(([, block]) => block);

const folder = makeDataFolder();
let service: ServiceProcess;

beforeAll(async () => {
  mkdirSync(join(root, "out"), { recursive: true });
  service = await startService({ dataFolder: folder.path });
});

afterAll(async () => {
  await service.end("SIGTERM");
  await folder.remove();
});

describe("docs/service.md", () => {
  it.skipIf(spawnSync("curl", ["--version"]).status !== 0)("its commands run as they stand (needs curl)", async () => {
    const script = blocksOf("sh").join("\n").replace("http://127.0.0.1:8080", service.url);
    expect(script).toContain(service.url);
    const { stdout } = await run("sh", ["-euc", script], { cwd: root });
    expect(stdout).toMatch(/"n_samples":392/);
    expect(stdout).toMatch(/"cached":false[\s\S]*"reasons":\[/);
    expect(stdout).toMatch(/anomaly_score,is_anomaly,rank\n/);
    expect(stdout).toMatch(/event: end\ndata: .*"status":"succeeded"/);
    expect(stdout).toMatch(/"status":412,"code":"CONFLICT"/);
  });

  it("its TypeScript runs, and that of the package", async () => {
    const [program] = blocksOf("ts");
    const { stdout } = await run(process.execPath, ["--input-type=module-typescript", "--eval", program], {
      cwd: root,
      env: { ...process.env, NOMALY_URL: service.url },
    });
    expect(stdout).toMatch(/^0\.\d+\nNOT_FOUND there is no data set/);
    const [ofPackage] = blocksOf("ts", readFileSync(join(root, "packages/platform/README.md"), "utf8"));
    const text = `${ofPackage.replace("http://127.0.0.1:8080", service.url)}\nconsole.log(predictions.length);`;
    const done = await run(process.execPath, ["--input-type=module-typescript", "--eval", text], { cwd: root });
    expect(done.stdout).toBe("1\n");
  });

  it("its table of errors has every code that a request can get, under the status it has", () => {
    const rows = [...page.matchAll(/^\| (\d{3}) \| (`[A-Z_`, ]+) \|/gm)];
    const told = new Map(
      rows.flatMap(([, status, codes]) => codes.match(/[A-Z_]+/g)?.map((code) => [code, status] as const) ?? []),
    );
    told.delete("INTERNAL");
    for (const [code, status] of told) {
      // The one code with two statuses: the later line is that of a precondition.
      const field = code === "CONFLICT" ? "if-match" : "id";
      const error = new NomalyError(code as keyof typeof errorCodes, "an error", { field });
      expect([code, String(problemOf(error, "id").status)]).toEqual([code, status]);
    }
    const neverTold = new Set(["ABORTED", "CONFIG", "USAGE", "FILE_NOT_FOUND", "FILE_WRITE"]);
    expect(Object.keys(errorCodes).filter((code) => !told.has(code) && !neverTold.has(code))).toEqual([]);
  });

  it("names settings that there are", () => {
    const known = new Set([...settingSpecs.map(variableOf), "NOMALY_URL", "NOMALY_KEY", "NOMALY_CONFIG"]);
    for (const file of ["docs/service.md", "docs/deploy.md", "README.md", "packages/platform/README.md"]) {
      const names = readFileSync(join(root, file), "utf8").match(
        /\b(NOMALY_[A-Z0-9_]*[A-Z0-9]|DATABASE_URL|DATABASE_REPLICA_URL|REDIS_URL)\b/g,
      );
      expect(
        (names ?? []).filter((name) => !known.has(name)),
        file,
      ).toEqual([]);
    }
    const names = new Set<string>(settingSpecs.map(({ name }) => name));
    const limits = /^## Limits\n([\s\S]*?)^## /m.exec(page)?.[1] ?? "";
    const told = [...limits.matchAll(/^\| [^|]+ \| ([^|]+) \|/gm)].flatMap(([, cell]) => cell.match(/[a-z_]+/g) ?? []);
    expect(told.filter((name) => name !== "setting" && !names.has(name))).toEqual([]);
  });
});
