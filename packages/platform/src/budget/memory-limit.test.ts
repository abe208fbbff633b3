import { describe, expect, it } from "vitest";
import { availableMemoryBytes } from "./memory-limit.ts";

const gib = 1024 ** 3;
const version2 = "/sys/fs/cgroup/memory.max";
const version1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes";

function factsOf(files: Readonly<Record<string, string>>) {
  return { readText: (path: string) => files[path], machineBytes: 8 * gib };
}

describe("the memory that may be taken", () => {
  it("is the machine's where there is no container", () => {
    expect(availableMemoryBytes(factsOf({}))).toBe(8 * gib);
  });

  it("is the container's limit by either version of control groups", () => {
    expect(availableMemoryBytes(factsOf({ [version2]: `${gib}\n` }))).toBe(gib);
    expect(availableMemoryBytes(factsOf({ [version1]: `${2 * gib}\n` }))).toBe(2 * gib);
  });

  it("is the machine's where the container has no limit, or a larger one than the machine", () => {
    expect(availableMemoryBytes(factsOf({ [version2]: "max\n" }))).toBe(8 * gib);
    expect(availableMemoryBytes(factsOf({ [version1]: "9223372036854771712\n" }))).toBe(8 * gib);
  });

  it("of this machine is some", () => {
    expect(availableMemoryBytes()).toBeGreaterThan(64 * 1024 ** 2);
  });
});
