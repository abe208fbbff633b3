import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { resolve } from "node:path";
import { afterAll, expect, it } from "vitest";
import { attackFiles } from "../../test-support/attacks/attacks.ts";
import "../../test-support/faults/faults.ts";
import { createTestFolder } from "../../test-support/run-cli.ts";
import { canWatchMemory, watchMemory } from "../../test-support/watching/watch-memory.ts";

const mib = 1024 ** 2;
const memoryBytesMax = 1024 * mib;
const folder = createTestFolder();
mkdirSync(folder.file("tmp"));
afterAll(() => folder.remove());

interface Ended {
  readonly code: number | null;
  readonly signal: string | null;
  readonly stderr: string;
  readonly peakBytes: number;
}

function detect(path: string): Promise<Ended> {
  const words = ["--conditions=source", resolve(import.meta.dirname, "../../src/main/cli.ts"), "detect", path];
  const child = spawn(process.execPath, words, {
    env: { ...process.env, TMPDIR: folder.file("tmp") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  const memory = watchMemory(child.pid ?? 0);
  let stderr = "";
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  return new Promise((done) =>
    child.on("close", (code, signal) => {
      memory.stop();
      done({ code, signal, stderr, peakBytes: memory.takePeakBytes() });
    }),
  );
}

const refuses = "it ends within 1 GiB, refuses in one line with a code, and leaves no temporary file";
for (const { name, fileName, content } of attackFiles) {
  it(`nomaly detect is given ${name}: ${refuses}`, { timeout: 120_000 }, async ({ task }) => {
    const { code, signal, stderr, peakBytes } = await detect(folder.write(fileName, content()));
    const said = stderr.trimEnd().replaceAll(folder.path, "").slice(0, 300);
    task.meta.seen = `exit ${signal ?? code}${canWatchMemory ? `, ${Math.round(peakBytes / mib)} MiB at most` : ""}: ${said}`;
    expect(signal, task.meta.seen).toBeNull();
    expect([0, 3], task.meta.seen).toContain(code);
    if (code !== 0) expect(stderr, task.meta.seen).toMatch(/^nomaly: [A-Z_]+: .*\n$/);
    if (canWatchMemory) expect(peakBytes, task.meta.seen).toBeLessThanOrEqual(memoryBytesMax);
    expect(readdirSync(folder.file("tmp"))).toEqual([]);
  });
}
