/** PostgreSQL refuses to run as root: a server started by root runs it as another user of the machine. */

import { readFileSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** Users that may take the part, the first that there is: the usual one, then the one without rights that every system has. */
const candidates = ["postgres", "nomaly", "nobody"];

/** `undefined` when this process may run PostgreSQL itself. */
export function databaseUser(): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const lines = readFileSync("/etc/passwd", "utf8").split("\n");
  for (const name of candidates) {
    const fields = lines.find((line) => line.startsWith(`${name}:`))?.split(":");
    if (fields !== undefined) return { name, uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new NomalyError("DATABASE", `PostgreSQL does not run as root and the machine has no user ${candidates.join(", ")}`, {
    field: "database_url",
  });
}
