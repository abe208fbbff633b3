/** Reads the file by which a running PostgreSQL says where it is, and removes one that lies. */

import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";

export interface RunningServer {
  readonly pid: number;
  readonly port: number;
  readonly isReady: boolean;
}

/** What `postmaster.pid` says, if its process lives. */
export function runningServer(clusterFolder: string): RunningServer | undefined {
  const path = join(clusterFolder, "postmaster.pid");
  const lines = readIfThere(path)?.split("\n");
  if (lines === undefined) return undefined;
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 0 || !isAlive(pid)) return undefined;
  return { pid, port: Number(lines[3]), isReady: lines[7]?.trim() === "ready" };
}

/**
 * Removes a lock whose process number now belongs to some other program: PostgreSQL itself recovers from a dead one, but
 * takes a living one at its word. Only where the system tells what the process is.
 */
export function removeStaleLock(clusterFolder: string): void {
  const running = runningServer(clusterFolder);
  if (running === undefined || !existsSync("/proc/self/comm")) return;
  const program = readIfThere(`/proc/${running.pid}/comm`)?.trim();
  if (program !== undefined && program !== "postgres") rmSync(join(clusterFolder, "postmaster.pid"), { force: true });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
