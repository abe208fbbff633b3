/** Reads the file by which a running PostgreSQL says where it is, and removes one that lies. */

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

/** What `postmaster.pid` says, if its process lives. */
export function runningServer(cluster: string): RunningServer | undefined {
  const lines = readIfThere(join(cluster, fileName))?.split("\n") ?? [];
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

/**
 * Removes a lock whose process number now belongs to some other program: PostgreSQL itself recovers from a dead one, but
 * takes a living one at its word. Only where the system tells what a process is.
 */
export function removeStaleLock(cluster: string): void {
  const path = join(cluster, fileName);
  const content = readIfThere(path);
  const running = runningServer(cluster);
  if (content === undefined || running === undefined || mayServe(running.pid, cluster)) return;
  // Another process may do the same and start a server between our look and our removal: what was taken away is looked at.
  const taken = `${path}.${randomBytes(6).toString("hex")}`;
  try {
    renameSync(path, taken);
    if (readFileSync(taken, "utf8") !== content) linkSync(taken, path);
  } catch (error) {
    // Gone already, or there again already: both by another process that is further than this one.
    if (!["ENOENT", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  } finally {
    rmSync(taken, { force: true });
  }
}

/** False when the process is certainly not the server of this cluster: another program, a dead one not yet buried, or elsewhere. */
function mayServe(pid: number, cluster: string): boolean {
  if (!existsSync("/proc/self/stat")) return true;
  const [, program, state] = /^\d+ \((.*)\) (\S)/s.exec(readIfThere(`/proc/${pid}/stat`) ?? "") ?? [];
  if (program === undefined) return isAlive(pid);
  if (program !== "postgres" || state === "Z") return false;
  try {
    // PostgreSQL works in its data folder.
    return readlinkSync(`/proc/${pid}/cwd`) === cluster;
  } catch {
    // Of another user: not ours to judge.
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
