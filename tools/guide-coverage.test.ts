import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";

const root = resolve(import.meta.dirname, "..");
const page = readFileSync(join(root, "docs/guide-coverage.md"), "utf8");
const rows = page
  .split("\n")
  .filter((line) => /^\| (?:[A-Z]{2}-\d+|Paths) \|/.test(line))
  .map((line) => line.split("|").map((cell) => cell.trim()));

describe("the page of what was demanded", () => {
  it.each(rows.map(([, id, demand, places, proof]) => [id, demand, places, proof]))(
    "names files and tests that are there: %s %s",
    (_id, _demand, places, proof) => {
      const paths = [...places.matchAll(/`([^`]+)`/g)].map(([, path]) => path);
      expect(paths.filter((path) => !existsSync(join(root, path)))).toEqual([]);
      const [, file = "", title = ""] = /^`([^`]+)`: (.+)$/.exec(proof) ?? [];
      expect(readFileSync(join(root, file), "utf8")).toContain(title);
    },
  );
});
