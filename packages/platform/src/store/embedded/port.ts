/** Chooses the port of the embedded database: the same at every start if it is free, so that processes find a restarted server. */

import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

export async function choosePort(folder: string): Promise<number> {
  const path = join(folder, "database-port");
  const former = readPort(path);
  if (former !== undefined && (await freePort(former)) === former) return former;
  const port = (await freePort(0)) ?? 0;
  writeFileSync(path, `${port}\n`);
  return port;
}

function readPort(path: string): number | undefined {
  try {
    const port = Number(readFileSync(path, "utf8"));
    return Number.isInteger(port) && port > 0 && port < 65_536 ? port : undefined;
  } catch {
    // The first start; or an unreadable file, which the next write reports.
    return undefined;
  }
}

/** `undefined` when the port is taken; 0 asks for any free port. */
function freePort(wanted: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(undefined));
    server.listen(wanted, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : undefined));
    });
  });
}
