/** The compilers under which the packages' declarations must compile, and a folder that uses the built package as its users do. */

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

export const root = resolve(import.meta.dirname, "../../..");
const packageOf = { "5.4": "tools/compilers/5.4", "5.9": "tools/compilers/5.9", installed: "." } as const;
export type CompilerName = keyof typeof packageOf;

export interface Project {
  readonly folder: string;
  write(file: string, text: string): string;
  remove(): void;
}

/** A folder with nothing installed but the package, as it stands in the repository. */
export function projectWithLibrary(): Project {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-types-"));
  mkdirSync(join(folder, "node_modules/@nomaly"), { recursive: true });
  symlinkSync(join(root, "packages/detect"), join(folder, "node_modules/@nomaly/detect"));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  const write = (file: string, text: string) => {
    writeFileSync(join(folder, file), text);
    return join(folder, file);
  };
  return { folder, write, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Compiles the folder's `tsconfig.json`. @returns what the compiler says, nothing where all is well. */
export function compile(compiler: CompilerName, folder: string): Promise<string> {
  const program = join(root, packageOf[compiler], "node_modules/typescript/bin/tsc");
  return new Promise((done) => {
    execFile(process.execPath, [program, "-p", folder, "--pretty", "false"], (error, stdout, stderr) => {
      done(error === null ? "" : stdout + stderr || error.message);
    });
  });
}

/** The compiler 5.9 as a library: what editors ask. */
export function loadTypescript(): typeof import("../../../tools/compilers/5.9/node_modules/typescript/lib/typescript.js") {
  return createRequire(join(root, packageOf["5.9"], "package.json"))("typescript");
}
