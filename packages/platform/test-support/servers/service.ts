/**
 * Starts a service in the process of the test, with a free port, a new folder and, unless the settings name another, a new database of the
 * server of the test run, or the embedded one where there is none.
 */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config/read-config.ts";
import { createServiceHost } from "../../src/main/service-host.ts";
import { runningServer } from "./postgres.ts";

export interface Reply {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed text, if it is a JSON object; else empty. */
  readonly body: Json;
  readonly bytes: Buffer;
}

export interface Json {
  readonly [name: string]: unknown;
}

export interface Asked {
  readonly json?: unknown;
  readonly bytes?: Uint8Array | string;
  readonly form?: FormData;
  readonly headers?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
}

export interface TestService {
  readonly url: string;
  /** Sends a request. @param route such as `POST /api/detectors`. */
  ask(route: string, asked?: Asked): Promise<Reply>;
  /** Makes a key with these scopes. */
  createKey(scopes: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

const version = "0.0.0-test";

/** @param settings by name, as on the command line: `{ rate_limit: "5" }`. */
export async function startService(settings: Readonly<Record<string, string>> = {}): Promise<TestService> {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-service-"));
  const running = settings["database_url"] === undefined ? runningServer() : undefined;
  const database = running === undefined ? {} : { database_url: await running.createDatabase() };
  const commandLine = { port: "0", data_dir: folder, log_level: "silent", ...database, ...settings };
  const { config } = readConfig({ commandLine, environment: {} });
  const server = await createServiceHost(version).serve(config, new AbortController().signal);
  return {
    url: server.url,
    ask: (route, asked) => ask(server.url, route, asked),
    createKey: (scopes) =>
      createServiceHost(version).withKeys(config, async (keys) => {
        const { key } = await keys.create({ name: "test", scopes, expiresAt: null });
        return key;
      }),
    async close() {
      await server.close();
      await running?.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function ask(url: string, route: string, { json, bytes, form, headers = {}, signal }: Asked = {}): Promise<Reply> {
  const [method, path] = route.split(" ");
  const type = json === undefined ? {} : { "content-type": "application/json" };
  const body = json === undefined ? (bytes ?? form) : JSON.stringify(json);
  const response = await fetch(url + path, {
    method,
    headers: { ...type, ...headers },
    redirect: "manual",
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined ? {} : { body: body as BodyInit }),
  });
  const received = Buffer.from(await response.arrayBuffer());
  return { status: response.status, headers: response.headers, body: jsonOf(received), bytes: received };
}

function jsonOf(bytes: Buffer): Json {
  try {
    return JSON.parse(bytes.toString("utf8")) as Json;
  } catch {
    // The reply is not JSON: the test uses its bytes.
    return {};
  }
}

/** Rows of two columns around zero; the last row is far away. */
export function someRows(rowCount: number): readonly { readonly x: number; readonly y: number }[] {
  const rows = Array.from({ length: rowCount - 1 }, (_, row) => ({ x: Math.sin(row) * 2, y: Math.cos(row * 1.7) }));
  return [...rows, { x: 40, y: -30 }];
}

/** Makes a detector and trains it on `someRows`. */
export async function trainedDetector(service: TestService, description: object = {}, headers = {}): Promise<string> {
  const made = await service.ask("POST /api/detectors", { json: { name: "test", ...description }, headers });
  const trained = await service.ask("POST /api/detection/train", {
    json: { detector_id: made.body["id"], data: someRows(200) },
    headers,
  });
  if (trained.status !== 200) throw new Error(`not trained: ${trained.bytes.toString()}`);
  return String(made.body["id"]);
}
