import { execFileSync, spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { commands } from "../../src/cli/commands.ts";
import { readConfig } from "../../src/config/read-config.ts";
import { settingSpecs, variableOf } from "../../src/config/settings.ts";
import { connectionCountOf } from "../../src/store/postgres/pool-sizes.ts";

const folder = resolve(import.meta.dirname, "../../../../deploy");
const read = (name: string) => readFileSync(join(folder, name), "utf8");
const units = readdirSync(folder).filter((name) => name.endsWith(".service"));
const { config } = readConfig({ environment: {} });

interface ComposeService {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, unknown>>;
  readonly stop_grace_period?: string;
}

interface Compose {
  readonly services: Readonly<Record<string, ComposeService>>;
  readonly volumes: Readonly<Record<string, unknown>>;
}

/** The parser that comes with the library which describes the API. */
function parseYaml(text: string): unknown {
  const { parse } = createRequire(createRequire(import.meta.url).resolve("@fastify/swagger"))("yaml") as {
    readonly parse: (text: string, options: { readonly merge: boolean }) => unknown;
  };
  return parse(text, { merge: true });
}

/** With what a person sets put in its place. */
const compose = parseYaml(read("compose.yaml").replaceAll(/\$\{POSTGRES_PASSWORD:\?[^}]+\}/g, "$POSTGRES_PASSWORD")) as Compose;
const dockerfile = read("Dockerfile");
const imageSetting = (name: string) => new RegExp(`^ENV .*\\b${name}=(\\S+)`, "m").exec(dockerfile)?.[1];

describe("the files in deploy/", () => {
  it("name settings that there are, with values that the service takes", () => {
    const known = new Map(settingSpecs.map((spec) => [variableOf(spec), spec.name]));
    const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
    for (const file of files.filter((name) => statSync(join(folder, name)).isFile())) {
      const names = read(file).match(/\b(NOMALY_[A-Z0-9_]+|DATABASE_\w*URL|REDIS_URL)\b/g) ?? [];
      expect(
        names.filter((name) => !known.has(name)),
        file,
      ).toEqual([]);
    }
    const given = [
      ...[...dockerfile.matchAll(/\b(NOMALY_\w+)=(\S+)/g)].map(([, name, value]) => [name, value] as const),
      ...units.flatMap((unit) =>
        [...read(unit).matchAll(/\b(NOMALY_\w+)=(\S+)/g)].map(([, name, value]) => [name, value] as const),
      ),
      ...Object.values(compose.services).flatMap(({ environment = {} }) =>
        Object.entries(environment).filter(([name]) => known.has(name)),
      ),
    ];
    expect(given.length).toBeGreaterThan(5);
    for (const [name, value] of given) expect(() => readConfig({ environment: { [name]: value } }), name).not.toThrow();
  });

  it("agree on port, data folder and commands", () => {
    const port = imageSetting("NOMALY_PORT");
    expect(/^EXPOSE (\d+)$/m.exec(dockerfile)?.[1]).toBe(port);
    expect(compose.services["serve"].ports).toEqual([`127.0.0.1:${port}:${port}`]);
    // The image's health check asks there.
    expect(compose.services["worker"].environment?.["NOMALY_WORKER_PORT"]).toBe(port);
    const dataFolder = imageSetting("NOMALY_DATA_DIR");
    expect(/^VOLUME (\S+)$/m.exec(dockerfile)?.[1]).toBe(dataFolder);
    for (const name of ["serve", "worker"]) expect(compose.services[name].volumes, name).toEqual([`data:${dataFolder}`]);
    expect(Object.keys(compose.volumes).sort()).toEqual(["data", "postgres"]);
    const names: readonly (string | undefined)[] = commands.map(({ name }) => name);
    const started = [
      ...units.map((unit) => /^ExecStart=.*\bnomaly (\w+)$/m.exec(read(unit))?.[1]),
      /^CMD \["(\w+)"\]$/m.exec(dockerfile)?.[1],
      compose.services["worker"].command?.[0],
    ];
    expect(started.filter((name) => !names.includes(name))).toEqual([]);
  });

  it("wait for the end longer than the service takes to stop", () => {
    for (const unit of units)
      expect(Number(/^TimeoutStopSec=(\d+)$/m.exec(read(unit))?.[1])).toBeGreaterThan(config.shutdownTimeoutS);
    for (const name of ["serve", "worker"]) {
      expect(parseInt(compose.services[name].stop_grace_period ?? "", 10)).toBeGreaterThan(config.shutdownTimeoutS);
    }
  });

  it("give the database more connections than all processes may open", () => {
    const max = Number(/max_connections=(\d+)/.exec(compose.services["postgres"].command?.join(" ") ?? "")?.[1]);
    const ofOne = connectionCountOf({ poolSize: config.databasePoolSize, maxOverflow: config.databaseMaxOverflow });
    // Three that PostgreSQL keeps for superusers.
    expect(2 * ofOne + config.databaseConnectionReserve + 3).toBeLessThanOrEqual(max);
  });

  it("say how many connections a process may open, as the page does", () => {
    const sizes = { poolSize: config.databasePoolSize, maxOverflow: config.databaseMaxOverflow };
    const beside = connectionCountOf({ poolSize: 0, maxOverflow: 0 });
    const page = readFileSync(join(folder, "../docs/deploy.md"), "utf8");
    const formula = /`database_pool_size` \+ `database_max_overflow` \+ (\d+) = (\d+)/.exec(page);
    expect(formula?.slice(1).map(Number)).toEqual([beside, connectionCountOf(sizes)]);
    expect(Number(/may open (\d+) connections/.exec(read("compose.yaml"))?.[1])).toBe(connectionCountOf(sizes));
  });

  it("run the image as a user without rights, on the address that asks for keys, and carry no secret", () => {
    expect(dockerfile).toMatch(/^USER nomaly$/m);
    expect(imageSetting("NOMALY_HOST")).toBe("0.0.0.0");
    expect(compose.services["postgres"].environment?.["POSTGRES_PASSWORD"]).toBe("$POSTGRES_PASSWORD");
    const asked = compose.services["serve"].depends_on ?? {};
    expect(Object.keys(asked).filter((name) => !(name in compose.services))).toEqual([]);
  });

  it("copy nothing into the image that was built or kept here", () => {
    const ignored = read("Dockerfile.dockerignore").split("\n");
    for (const path of [".git", "**/node_modules", "**/dist", "out"]) expect(ignored).toContain(path);
  });

  const hasSystemd = spawnSync("systemd-analyze", ["--version"]).status === 0;
  it.skipIf(!hasSystemd)("have units that systemd accepts (needs systemd-analyze)", () => {
    const said = execFileSync("systemd-analyze", ["verify", ...units.map((unit) => join(folder, unit))], { encoding: "utf8" });
    expect(said).toBe("");
  });
});
