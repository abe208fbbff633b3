/** A package registry on this machine that serves the installed packages of the workspace, for installs without the network. */

import { execFileSync } from "node:child_process";
import { createReadStream, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";

const root = resolve(import.meta.dirname, "../../../..");

interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

interface Installed {
  readonly folder: string;
  readonly manifest: Manifest;
}

export interface LocalRegistry {
  readonly url: string;
  close(): Promise<void>;
}

/** Serves the given packages of `node_modules` and all that they depend on. */
export async function startLocalRegistry(names: readonly string[]): Promise<LocalRegistry> {
  const installed = installedClosure(names);
  const archives = mkdtempSync(join(tmpdir(), "nomaly-registry-"));
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "/").slice(1);
    const copies = installed.filter(({ manifest }) => manifest.name === path);
    const archived = installed.find(({ manifest }) => archiveName(manifest) === path);
    if (archived !== undefined) {
      createReadStream(writeArchive(archived, archives)).pipe(response);
    } else if (copies.length > 0) {
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(packument(copies, installed, `http://${request.headers.host}`)));
    } else {
      response.writeHead(404).end("{}");
    }
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
      rmSync(archives, { recursive: true, force: true });
    },
  };
}

/** Lists each copy once: two versions of a package may be installed, one inside the package that needs it. */
function installedClosure(names: readonly string[]): Installed[] {
  const found = new Map<string, Installed>();
  const pending = names.map((name) => ({ name, from: root }));
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const folder = installedFolder(next.name, next.from);
    // Optional builds for other platforms are not installed.
    if (folder === undefined || found.has(folder)) continue;
    const manifest = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as Manifest;
    found.set(folder, { folder, manifest });
    const needs = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
    pending.push(...needs.map((name) => ({ name, from: folder })));
  }
  return [...found.values()];
}

/** Finds the folder of a package as Node does. */
function installedFolder(name: string, from: string): string | undefined {
  for (let folder = from; folder.startsWith(root); folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(candidate, "package.json"))) return candidate;
  }
  return undefined;
}

function packument(copies: readonly Installed[], installed: readonly Installed[], host: string): unknown {
  const known = new Set(installed.map(({ manifest }) => manifest.name));
  const versions = copies.map(({ manifest }) => {
    const optional = Object.entries(manifest.optionalDependencies ?? {}).filter(([name]) => known.has(name));
    const dist = { tarball: `${host}/${archiveName(manifest)}` };
    return [manifest.version, { ...manifest, optionalDependencies: Object.fromEntries(optional), scripts: {}, dist }] as const;
  });
  return { name: copies[0].manifest.name, "dist-tags": { latest: versions[0][0] }, versions: Object.fromEntries(versions) };
}

function archiveName({ name, version }: Manifest): string {
  return `${name}/${version}.tar`;
}

function writeArchive({ folder, manifest }: Installed, archives: string): string {
  const scratch = join(archives, manifest.name, manifest.version);
  const file = join(scratch, "package.tar");
  if (existsSync(file)) return file;
  mkdirSync(scratch, { recursive: true });
  symlinkSync(folder, join(scratch, "package"));
  execFileSync("tar", ["-chf", file, "-C", scratch, "--exclude", "package/node_modules", "package"]);
  return file;
}
