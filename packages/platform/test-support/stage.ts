/** The usual setting of a test of faults: a database server behind a proxy, a data folder, and services on them. */

import { type FaultProxy, startFaultProxy } from "./faults/fault-proxy.ts";
import { createScene, type Scene } from "./faults/faults.ts";
import { type KeepingClient, startKeepingClient } from "./faults/keeping-client.ts";
import type { Random } from "@nomaly/detect";
import { startTestServer, type TestServer } from "./servers/postgres.ts";
import { makeDataFolder, type ServiceOptions, type ServiceProcess, startService } from "./servers/service-process.ts";

export interface Stage {
  readonly scene: Scene;
  readonly server: TestServer;
  /** The proxy between the services and the database server. */
  readonly proxy: FaultProxy;
  readonly dataFolder: string;
  /** The address of the database without the proxy. */
  readonly databaseUrl: string;
  readonly proxiedUrl: string;
  /** Starts a service, which is killed at the end unless it has ended before. */
  start(environment?: Readonly<Record<string, string>>, options?: Partial<ServiceOptions>): Promise<ServiceProcess>;
  client(random: Random, url: string): KeepingClient;
}

/** Makes a new database on the server of the caller, which all tests of a file share. */
export async function openStage(server: TestServer): Promise<Stage> {
  const scene = createScene();
  const folder = scene.opened(makeDataFolder(), (open) => open.remove());
  const proxy = scene.opened(await startFaultProxy({ port: server.port }), (open) => open.close());
  const databaseUrl = await server.createDatabase();
  const proxied = new URL(databaseUrl);
  proxied.port = String(proxy.port);
  return {
    scene,
    server,
    proxy,
    dataFolder: folder.path,
    databaseUrl,
    proxiedUrl: proxied.href,
    async start(environment = {}, options = {}) {
      const settings = { DATABASE_URL: proxied.href, ...environment };
      const started = startService({ dataFolder: folder.path, program: "newest", ...options, environment: settings });
      return scene.opened(await started, (open) => open.end("SIGKILL"));
    },
    client: (random, url) => scene.opened(startKeepingClient({ random, url }), (open) => open.abandon()),
  };
}

export interface SharedServer {
  readonly server: () => TestServer;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Starts the server in beforeAll and stops it in afterAll. */
export function sharedServer(): SharedServer {
  let server: TestServer | undefined;
  return {
    server() {
      if (server === undefined) throw new Error("the database server was not started");
      return server;
    },
    async start() {
      server = await startTestServer();
    },
    async stop() {
      await server?.stop();
    },
  };
}
