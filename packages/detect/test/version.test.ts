import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { libraryVersion } from "../src/version.ts";

it("model files carry the version of the package", () => {
  const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../package.json"), "utf8")) as { version: string };
  expect(libraryVersion).toBe(version);
});
