/** Chooses the user who runs PostgreSQL for root, as PostgreSQL refuses to run as root. */

import { readFileSync } from "node:fs";
import { NomalyError } from "@nomaly/detect";

export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
  readonly name: string;
}

/** The first of these that the machine has: PostgreSQL's usual user, ours, the one without rights that every system has. */
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
