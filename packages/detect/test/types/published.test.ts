import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compile, type CompilerName, root } from "../../test-support/compilers.ts";

const scratch = mkdtempSync(join(tmpdir(), "nomaly-published-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Where a program runs: the types that it has beside the language's own. */
const places = {
  browser: { lib: ["es2022", "dom", "dom.iterable"], types: [] },
  node: { lib: ["es2022"], types: ["node"] },
  "node with DOM": { lib: ["es2022", "dom", "dom.iterable"], types: ["node"] },
} as const;
/** How imports are found; `module` goes with it. */
const resolutions = { bundler: "esnext", node16: "node16", nodenext: "nodenext" } as const;

type Place = keyof typeof places;
type Resolution = keyof typeof resolutions;

/** All entries of the packages, those with a star once for each detector. */
function entries(): string[] {
  const { exports } = JSON.parse(readFileSync(join(root, "packages/detect/package.json"), "utf8")) as { exports: object };
  const ids = readdirSync(join(root, "packages/detect/src/detectors"));
  const names = Object.keys(exports).flatMap((entry) =>
    entry.includes("*") ? ids.map((id) => entry.replace("*", id)) : [entry],
  );
  return [...names.map((name) => `@nomaly/detect${name.slice(1)}`), "nomaly/client"];
}

const program = `
import { detect, fit, type AnomalyModel, type FitOptions } from "@nomaly/detect";
import { createClient } from "nomaly/client";
const options: FitOptions<"knn"> = { detector: "knn", params: { nNeighbors: 1 } };
export const model: Promise<AnomalyModel> = fit([[1], [2]], options);
export const bytes: Promise<Uint8Array> = model.then((fitted) => fitted.save());
export const labels: Promise<Uint8Array> = detect([[1], [2]], { threshold: { method: "iqr" } }).then((found) => found.labels);
export const client = createClient({ url: "http://127.0.0.1:8080" });
`;

/** The folder of a project that uses the packed packages, with or without the types of Node. */
function folderOf(place: Place): string {
  return join(scratch, place.replaceAll(" ", "-"));
}

beforeAll(() => {
  const env = { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env["PATH"] ?? ""}`, NODE_OPTIONS: "" };
  const packing = ["pack", "--json", "--pack-destination", scratch, "-w", "packages/detect", "-w", "packages/platform"];
  const packed = JSON.parse(execFileSync("npm", packing, { cwd: root, env, encoding: "utf8" })) as {
    filename: string;
    name: string;
  }[];
  for (const place of Object.keys(places) as Place[]) {
    const modules = join(folderOf(place), "node_modules");
    for (const { filename, name } of packed) {
      const target = join(modules, name);
      mkdirSync(target, { recursive: true });
      execFileSync("tar", ["-xzf", join(scratch, filename), "--strip-components=1", "-C", target]);
    }
    writeFileSync(join(folderOf(place), "package.json"), '{ "type": "module" }');
    const imports = entries().map((entry, index) => `export * as entry${index} from "${entry}";`);
    writeFileSync(join(folderOf(place), "use.ts"), imports.join("\n") + program);
    if (!(places[place].types as readonly string[]).includes("node")) continue;
    mkdirSync(join(modules, "@types"));
    for (const name of ["@types/node", "undici-types"]) symlinkSync(join(root, "node_modules", name), join(modules, name));
  }
});

function compilePublished(compiler: CompilerName, place: Place, resolution: Resolution): Promise<string> {
  const compilerOptions = {
    ...places[place],
    noEmit: true,
    strict: true,
    skipLibCheck: false,
    target: "es2022",
    module: resolutions[resolution],
    moduleResolution: resolution,
  };
  writeFileSync(join(folderOf(place), "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["use.ts"] }));
  return compile(compiler, folderOf(place));
}

describe.each(["5.4", "5.9", "installed"] as const)(
  "the published declarations under TypeScript %s, checked themselves",
  (compiler) => {
    it.each([
      ["browser", "bundler"],
      ["node", "nodenext"],
      ["node with DOM", "node16"],
    ] as const)("compile in a project for %s that finds imports as %s does", async (place, resolution) => {
      expect(await compilePublished(compiler, place, resolution)).toBe("");
    });
  },
);

describe("the check of the published declarations", () => {
  it("finds a type that a compiler does not know", async () => {
    const declarations = join(folderOf("browser"), "node_modules/@nomaly/detect/dist/shared-memory.d.ts");
    const text = readFileSync(declarations, "utf8");
    writeFileSync(declarations, `${text}export type Newer = Uint8Array<ArrayBuffer>;\n`);
    expect(await compilePublished("5.4", "browser", "bundler")).toContain("Type 'Uint8Array' is not generic");
    writeFileSync(declarations, text);
  });
});
