/** Reads `postmaster.pid`, which says where a running PostgreSQL listens, and removes a stale one. */

import { randomBytes } from "node:crypto";
import { existsSync, linkSync, readFileSync, readlinkSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isAlive } from "../../ids/is-alive.ts";

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

const fileName = "postmaster.pid";

/** The server that `postmaster.pid` names, if its process lives. */
export function runningServer(cluster: string): RunningServer | undefined {
  const lines = readIfThere(join(cluster, fileName))?.split("\n") ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

/**
 * Removes the lock file when its process number now belongs to another program: PostgreSQL ignores the lock of a dead process, but
 * trusts that of any living one. Only on systems with /proc.
 */
export function removeStaleLock(cluster: string): void {
  const path = join(cluster, fileName);
  const content = readIfThere(path);
  const running = runningServer(cluster);
  if (content === undefined || running === undefined || mayServe(running.pid, cluster)) return;
  // Another process may do the same and start a server before our removal: so this checks what it took away, and puts it back.
  const taken = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, taken);
    if (readFileSync(taken, "utf8") !== content) linkSync(taken, path);
  } catch (error) {
    // Another process has already removed the file, or already started a server.
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(taken, { force: true });
  }
}

/** False when the process is certainly not the server of this cluster: another program, a zombie, or one in another folder. */
function mayServe(pid: number, cluster: string): boolean {
  if (!existsSync("/proc/self/stat")) return true;
  const [, program, state] = /^\d+ \((.*)\) (\S)/s.exec(readIfThere(`/proc/${pid}/stat`) ?? "") ?? [];
  if (program === undefined) return isAlive(pid);
  if (program !== "postgres" || state === "Z") return false;
  try {
    // PostgreSQL works in its data folder.
    return readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    // A process of another user, whose folder cannot be read.
    return true;
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (["ENOENT", "ENOTDIR", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
    throw error;
  }
}
