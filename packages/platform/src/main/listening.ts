/** Where a process listens, and whether it asks who calls. */

import type { AddressInfo } from "node:net";
import { NomalyError } from "@nomaly/detect";
import type { Config } from "../config/settings.ts";
import type { App } from "../http/app.ts";

/** Of a burst, until they are accepted, one a turn of the event loop. The system cuts it to its own limit (`net.core.somaxconn`). */
const waitingConnectionsMax = 4096;

/** @throws NomalyError CONFIG for an open door to the network. */
export function requiresCaller({ auth, host, jwksUrl }: Config): boolean {
  const isLoopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (auth === "none" && !isLoopback) {
    throw new NomalyError("CONFIG", `auth is "none", which goes with a loopback address only; host is ${host}`, {
      field: "auth",
    });
  }
  return auth === "required" || (auth === "auto" && (!isLoopback || jwksUrl !== undefined));
}

export interface Place {
  readonly host: string;
  readonly port: number;
  /** The setting that has the port, and how another one is given. */
  readonly setting: "port" | "worker_port";
}

const otherPort = { port: "--port or NOMALY_PORT", worker_port: "NOMALY_WORKER_PORT" } as const;

/** @returns the address. @throws NomalyError CONFIG when it cannot listen there. */
export async function listen(app: App, { host, port, setting }: Place): Promise<string> {
  try {
    await app.listen({ host, port, backlog: waitingConnectionsMax });
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall !== "listen" && syscall !== "getaddrinfo") throw cause;
    const why =
      code === "EADDRINUSE" ? `another program listens there; ${otherPort[setting]} takes another` : (cause as Error).message;
    throw new NomalyError("CONFIG", `cannot listen on ${host} port ${port}: ${why}`, { field: setting, cause });
  }
  const bound = (app.server.address() as AddressInfo).port;
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound}`;
}
