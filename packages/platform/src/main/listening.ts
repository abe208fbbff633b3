/** Where a process listens, and whether it asks who calls. */

import { lookup } from "node:dns/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
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

type Addresses = readonly { readonly address: string }[];
const addressesIn = (host: string): Promise<Addresses> => lookup(host, { all: true }).catch(() => []);

/** @returns the address. @throws NomalyError CONFIG when it cannot listen there. */
export async function listen(app: App, { host, port, setting }: Place, addressesOf = addressesIn): Promise<string> {
  const doors: Server[] = [];
  let closed: Promise<unknown> | undefined;
  app.addHook("preClose", (done) => {
    closed = Promise.all(doors.map((door) => new Promise<void>((resolve) => void door.close(() => resolve()))));
    done();
  });
  // The server does not count what came through a door. Of these hooks the last runs first: `endWithin` closes idle connections until then.
  app.addHook("onClose", async () => void (await closed));
  try {
    await app.listen({ host, port, backlog: waitingConnectionsMax });
  } catch (cause) {
    const { code, syscall } = cause as NodeJS.ErrnoException;
    if (syscall !== "listen" && syscall !== "getaddrinfo") throw cause;
    const why =
      code === "EADDRINUSE" ? `another program listens there; ${otherPort[setting]} takes another` : (cause as Error).message;
    throw new NomalyError("CONFIG", `cannot listen on ${host} port ${port}: ${why}`, { field: setting, cause });
  }
  const bound = app.server.address() as AddressInfo;
  const addresses = host === "localhost" ? await addressesOf(host) : [];
  for (const { address } of addresses) if (address !== bound.address) doors.push(await openDoor(app, address, bound.port));
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
}

/** `localhost` may be several addresses, and the server listens on one: who connects to another is handed to it. */
function openDoor(app: App, host: string, port: number): Promise<Server> {
  const door = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit("connection", socket));
  return new Promise((resolve) => {
    // Where another program listens there, or the system has no such address, one address is enough.
    door.on("error", () => resolve(door));
    door.listen({ host, port, backlog: waitingConnectionsMax }, () => resolve(door));
  });
}
