/** Prepares the data folder for the embedded database, and makes it reachable for the user who runs PostgreSQL. */

import { randomBytes } from "node:crypto";
import {
  chmodSync,
  cpSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { NomalyError } from "@nomaly/detect";
import { findBinaries, type PostgresBinaries } from "./binaries.ts";
import { databaseUser, type SystemUser } from "./system-user.ts";

export interface Place {
  readonly folder: string;
  /** PostgreSQL's own folder in it. */
  readonly cluster: string;
  readonly password: string;
  readonly binaries: PostgresBinaries;
  /** The user who runs PostgreSQL when this process runs as root. */
  readonly user: SystemUser | undefined;
  /** True on a machine with little memory. */
  readonly isSmall?: boolean;
}

/** @throws NomalyError CONFIG when the folder cannot be used. */
export function preparePlace(dataFolder: string): Place {
  const user = databaseUser();
  let folder: string;
  try {
    mkdirSync(dataFolder, { recursive: true, mode: 0o711 });
    folder = realpathSync(dataFolder);
    // The database's user may pass through to its own folder, but not list or read anything here.
    if (user !== undefined) chmodSync(folder, statSync(folder).mode | 0o011);
  } catch (cause) {
    throw unusable(dataFolder, (cause as Error).message, cause);
  }
  const closed = user === undefined ? undefined : closedFolder(folder);
  if (closed !== undefined) throw unusable(folder, `user ${user?.name}, who runs PostgreSQL for root, may not pass ${closed}`);
  const password = readPassword(folder);
  const binaries = user === undefined ? findBinaries() : reachableBinaries(folder);
  return { folder, cluster: join(folder, "postgres"), password, binaries, user };
}

function unusable(folder: string, why: string, cause?: unknown): NomalyError {
  return new NomalyError("CONFIG", `the data folder ${folder} cannot be used: ${why}`, { field: "data_dir", cause });
}

/** Makes the password at the first start; the first of several processes wins. */
function readPassword(folder: string): string {
  const path = join(folder, "database-password");
  try {
    // Linked under its name only when complete, so that nobody reads half of it.
    if (!existsSync(path)) {
      const own = `${path}.${randomBytes(6).toString("hex")}`;
      writeFileSync(own, randomBytes(24).toString("base64url"), { mode: 0o600, flag: "wx" });
      linkOnce(own, path);
      rmSync(own);
    }
    return readFileSync(path, "utf8");
  } catch (cause) {
    throw unusable(folder, (cause as Error).message, cause);
  }
}

function linkOnce(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
}

/** The first folder of the path that only its owner and group may pass. */
function closedFolder(path: string): string | undefined {
  const othersPass = 0o001;
  const isClosed = (statSync(path).mode & othersPass) === 0;
  const parent = dirname(path);
  return (parent === path ? undefined : closedFolder(parent)) ?? (isClosed ? path : undefined);
}

/** Programs in a folder that the database's user may not pass, such as root's home, are copied into the data folder once. */
export function reachableBinaries(folder: string): PostgresBinaries {
  const binaries = findBinaries();
  const from = dirname(dirname(binaries.postgres));
  if (closedFolder(from) === undefined) return binaries;
  const size = statSync(binaries.postgres).size;
  // The size tells one release from another.
  const to = join(folder, `postgresql-${size}`);
  if (!existsSync(to)) {
    const own = `${to}.${randomBytes(6).toString("hex")}`;
    cpSync(from, own, { recursive: true, verbatimSymlinks: true });
    letOthersRead(own);
    try {
      renameSync(own, to);
    } catch (error) {
      rmSync(own, { recursive: true, force: true });
      // Another process was first.
      if (!existsSync(to)) throw error;
    }
  }
  const moved = (program: string) => join(to, program.slice(from.length));
  return { initdb: moved(binaries.initdb), postgres: moved(binaries.postgres) };
}

/** Files installed under a strict umask keep their modes when copied, so that only root could read them. */
function letOthersRead(tree: string): void {
  for (const entry of [tree, ...readdirSync(tree, { recursive: true, encoding: "utf8" }).map((name) => join(tree, name))]) {
    const stats = lstatSync(entry);
    const ownerRuns = (stats.mode & 0o100) !== 0;
    if (!stats.isSymbolicLink()) chmodSync(entry, stats.mode | (ownerRuns ? 0o055 : 0o044));
  }
}
