/** A real browser for tests, and a server for the pages it opens. */

import { existsSync, readFileSync, statSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium } from "playwright-core";

const debianChromium = "/usr/bin/chromium";

/**
 * Headless Chromium: the one that came with the dependencies, else the system's.
 * @param args arguments of Chromium's command line.
 * @returns undefined where neither starts; the reason is printed.
 */
export async function launchBrowser(args: readonly string[] = []): Promise<Browser | undefined> {
  const reasons: string[] = [];
  for (const findPath of [packagedChromium, () => Promise.resolve(debianChromium)]) {
    try {
      return await chromium.launch({ executablePath: await findPath(), args: ["--no-sandbox", ...args], headless: true });
    } catch (error) {
      reasons.push(error instanceof Error ? error.message.split("\n").slice(0, 3).join(" ") : String(error));
    }
  }
  console.error(`no browser: ${reasons.join("; ")}`);
  return undefined;
}

async function packagedChromium(): Promise<string> {
  // The package brings the libraries that Chromium needs, but unpacks them only where this variable suggests AWS Lambda.
  if (!hasSystemLibraries()) process.env["AWS_EXECUTION_ENV"] ??= "AWS_Lambda_nodejs24.x";
  const { default: packaged } = await import("@sparticuz/chromium");
  return packaged.executablePath();
}

function hasSystemLibraries(): boolean {
  const folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib", "/lib"];
  return folders.some((folder) => existsSync(join(folder, "libnss3.so")));
}

const contentTypes: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".csv": "text/csv",
  ".json": "application/json",
  ".svg": "image/svg+xml",
};

/** With these headers a page is cross-origin isolated, and so may share memory between threads. */
const isolationHeaders = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export interface PageServer {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves a folder on a free port of this machine. */
export async function serveFolder(folder: string, options: { readonly isolated: boolean }): Promise<PageServer> {
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const file = join(folder, path.endsWith("/") ? `${path}index.html` : path);
    if (!existsSync(file) || !statSync(file).isFile()) {
      response.writeHead(404).end();
      return;
    }
    const type = contentTypes[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "Content-Type": type, ...(options.isolated ? isolationHeaders : {}) });
    response.end(readFileSync(file));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve, reject) => {
        server.closeAllConnections();
        server.close((error) => (error === undefined ? resolve() : reject(error)));
      }),
  };
}
