/** Which paths of a command line may not be one and the same. */

import { fileIdentity, resolveTarget } from "../../files/write/resolve-target.ts";
import { UsageError } from "../frame/exit-codes.ts";

/** What a path is for, as messages call it, and the path. */
export type PathUse = readonly [use: string, path: string | undefined];

/** `-`, and every other name for the standard output of this process. */
export function isStandardOutput(path: string): boolean {
  try {
    return resolveTarget(path).kind === "standard output";
  } catch {
    // What is wrong with the path is told by whoever opens it.
    return false;
  }
}

/** @throws UsageError when two of them would write to standard output, one into the other. */
export function refuseSharedStdout(uses: readonly PathUse[]): void {
  const [first, second] = uses.filter(([, path]) => path !== undefined && isStandardOutput(path)).map(([use]) => use);
  if (second !== undefined) throw new UsageError(`${first} and ${second} both want standard output`);
}

/** @throws UsageError when two paths lead to one file: one would be lost. */
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
