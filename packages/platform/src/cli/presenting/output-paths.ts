/** Refuses command lines whose paths lead to the same file or stream. */

import { fileIdentity, resolveTarget } from "../../files/write/resolve-target.ts";
import { UsageError } from "../frame/exit-codes.ts";

/** The use of a path, as messages name it, and the path. */
export type PathUse = readonly [use: string, path: string | undefined];

/** True for `-` and every other name of this process's standard output. */
export function isStandardOutput(path: string): boolean {
  try {
    return resolveTarget(path).kind === "standard output";
  } catch {
    // Opening the path reports what is wrong with it.
    return false;
  }
}

/** @throws UsageError if two of them would write to standard output. */
export function refuseSharedStdout(uses: readonly PathUse[]): void {
  const [first, second] = uses.filter(([, path]) => path !== undefined && isStandardOutput(path)).map(([use]) => use);
  if (second !== undefined) throw new UsageError(`${first} and ${second} both want standard output`);
}

/** @throws UsageError if two paths lead to one file, as one would overwrite the other. */
export function refuseSameFile(uses: readonly PathUse[]): void {
  const useOf = new Map<string, string>();
  for (const [use, path] of uses) {
    const identity = path === undefined ? undefined : fileIdentity(path);
    if (identity === undefined) continue;
    const other = useOf.get(identity);
    if (other !== undefined) throw new UsageError(`${other} and ${use} are the same file, ${path}`);
    useOf.set(identity, use);
  }
}
