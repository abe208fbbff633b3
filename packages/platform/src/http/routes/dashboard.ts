/** Serves the files of the dashboard, which hold no data: every number that the page shows is asked for with the reader's key. */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { extname, join } from "node:path";
import { promisify } from "node:util";
import { gzip } from "node:zlib";
import { NomalyError } from "@nomaly/detect";
import type { FastifyReply, FastifyRequest } from "fastify";
import { Type } from "typebox";
import type { App } from "../app.ts";

/** Scripts and styles come from the service alone, and none is written into the page. */
const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
};

interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Compressed with gzip. */
  readonly packed: Buffer;
}

/** @param folder the built page; without one, a line of text says where the API is. */
export async function registerDashboard(app: App, folder: string): Promise<void> {
  const files = await readFiles(folder);
  const page = files.get("index.html");
  const hidden = { schema: { hide: true }, config: { scope: "public" } } as const;
  for (const url of ["/", "/performance/dashboard", "/api/performance/dashboard"]) {
    app.get(url, hidden, async (request, reply) => {
      if (page === undefined) return reply.type("text/plain").send(pointer);
      reply.header("content-security-policy", pagePolicy).header("cache-control", "no-cache");
      return send(request, reply, page);
    });
  }
  const FileParams = Type.Object({ file: Type.String() });
  app.get("/dashboard/:file", { ...hidden, schema: { hide: true, params: FileParams } }, async (request, reply) => {
    const { file: name } = request.params;
    const file = files.get(name);
    if (file === undefined) throw new NomalyError("NOT_FOUND", `the dashboard has no file "${name}"`, { field: "file" });
    // Its name has a hash of its content.
    reply.header("cache-control", "public, max-age=31536000, immutable");
    return send(request, reply, file);
  });
}

const pointer =
  "The dashboard is not built. The page to try the API is at /docs/, the description of the API at /openapi.json, the API itself under /api/.\n";

async function readFiles(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const files = new Map<string, PageFile>();
  if (!existsSync(folder)) return files;
  for (const name of readdirSync(folder)) {
    const type = contentTypes[extname(name)];
    if (type === undefined) continue;
    const bytes = readFileSync(join(folder, name));
    files.set(name, { type, bytes, packed: await promisify(gzip)(bytes) });
  }
  return files;
}

function send({ headers }: FastifyRequest, reply: FastifyReply, { type, bytes, packed }: PageFile): FastifyReply {
  const isPacked = /\bgzip\b/.test(headers["accept-encoding"] ?? "");
  reply.type(type).header("vary", "accept-encoding");
  if (isPacked) reply.header("content-encoding", "gzip");
  return reply.send(isPacked ? packed : bytes);
}
