/** Opens the listening port of a process, and decides whether its callers need a key. */

import { lookup } from "node:dns/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { NomalyError } from "@nomaly/detect";
import type { Config } from "../config/settings.ts";
import type { App } from "../http/app.ts";

/** Connections that may wait to be accepted, one a turn of the event loop. The system lowers this to its own limit (`net.core.somaxconn`). */
const waitingConnectionsMax = 4096;

/** @throws NomalyError CONFIG when the service would listen on a network without asking for keys. */
export function requiresCaller({ auth, host, jwksUrl }: Config): boolean {
  const isLoopback = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (auth === "none" && !isLoopback) {
    const message = `auth "none" is allowed with a loopback address only; host is ${host}`;
    throw new NomalyError("CONFIG", message, { field: "auth" });
  }
  return auth === "required" || (auth === "auto" && (!isLoopback || jwksUrl !== undefined));
}

export interface Place {
  readonly host: string;
  readonly port: number;
  /** The setting of the port, for messages. */
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
      code === "EADDRINUSE"
        ? `another program listens there; set another port with ${otherPort[setting]}`
        : (cause as Error).message;
    throw new NomalyError("CONFIG", `cannot listen on ${host} port ${port}: ${why}`, { field: setting, cause });
  }
  const bound = app.server.address() as AddressInfo;
  const addresses = host === "localhost" ? await addressesOf(host) : [];
  for (const { address } of addresses) if (address !== bound.address) doors.push(await openDoor(app, address, bound.port));
  return `http://${host.includes(":") ? `[${host}]` : host}:${bound.port}`;
}

/** `localhost` may have several addresses and the server listens on one: this listens on another and hands its connections to the server. */
function openDoor(app: App, host: string, port: number): Promise<Server> {
  const door = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => app.server.emit("connection", socket));
  return new Promise((resolve) => {
    // Another program may listen there, or the system may lack the address: then the server's own address is enough.
    door.on("error", () => resolve(door));
    door.listen({ host, port, backlog: waitingConnectionsMax }, () => resolve(door));
  });
}
