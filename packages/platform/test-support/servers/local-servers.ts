/** Starts real servers on this machine that answer as a test says; each is closed at the end of its test. */

import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";
import { createServer as createSocketServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";

const openssl = "openssl";
export const opensslSkipReason = hasOpenssl() ? "" : " (skipped: no openssl on PATH)";

/** Starts an HTTP server. @returns its port. */
export async function serve(answer: RequestListener): Promise<number> {
  return listen(createServer(answer));
}

export async function listen(server: HttpServer | HttpsServer): Promise<number> {
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    server.closeAllConnections();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  return (server.address() as AddressInfo).port;
}

/** Starts a TCP server. @returns its port. */
export async function serveSockets(onSocket: (socket: Socket) => void): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createSocketServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    onSocket(socket);
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise<void>((closed) => server.close(() => closed()));
  });
  return (server.address() as AddressInfo).port;
}

/** Makes a self-signed certificate for a name. */
export function certificateFor(name: string): { readonly key: string; readonly cert: string } {
  const folder = mkdtempSync(join(tmpdir(), "nomaly-certificate-"));
  try {
    const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
    const words = [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:prime256v1",
      "-nodes",
      "-days",
      "2",
      "-subj",
      `/CN=${name}`,
    ];
    execFileSync(openssl, [...words, "-addext", `subjectAltName=DNS:${name}`, "-keyout", key, "-out", cert], {
      stdio: "ignore",
    });
    return { key: readFileSync(key, "utf8"), cert: readFileSync(cert, "utf8") };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function hasOpenssl(): boolean {
  try {
    execFileSync(openssl, ["version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
