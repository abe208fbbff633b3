import { expect, it } from "vitest";
import { createKnownPaths } from "./known-paths.ts";

it("knows the methods of a path by the templates that fit it", () => {
  const known = createKnownPaths();
  known.add("GET", "/api/things/:id");
  known.add(["DELETE", "PATCH"], "/api/things/:id");
  known.add("PATCH", "/api/things/status");
  known.add("GET", "/docs/*");
  known.add("GET", "/openapi.json");
  expect(known.methodsOf("/api/things/1")).toEqual(["DELETE", "GET", "PATCH"]);
  expect(known.methodsOf("/api/things/1/")).toEqual(["DELETE", "GET", "PATCH"]);
  expect(known.methodsOf("/api/things/1/more")).toEqual([]);
  expect(known.methodsOf("/api/things/status")).toEqual(["PATCH"]);
  expect(known.methodsOf("/api/things/status/")).toEqual(["PATCH"]);
  expect(
    ["/api/things/status", "/api/things/status/", "/api/things/1", "/api/things/:id"].map((path) => known.isFixed(path)),
  ).toEqual([true, true, false, false]);
  expect(known.methodsOf("/openapi-json")).toEqual([]);
});
