import { expect, it } from "vitest";
import { detectHash, routeOf } from "./route.ts";

const operate = { view: "operate", datasetId: undefined, resultId: undefined };

it("an address without a known view is that of the operator", () => {
  for (const hash of ["", "#", "#/", "#/operate", "#/nothing", "#/Detect"]) expect(routeOf(hash)).toEqual(operate);
});

it("an address of the detect view names a data set and a result, or neither", () => {
  expect(routeOf("#/detect")).toEqual({ view: "detect", datasetId: undefined, resultId: undefined });
  expect(routeOf("#/detect/")).toEqual({ view: "detect", datasetId: undefined, resultId: undefined });
  expect(routeOf("#/detect/a%2Fb")).toEqual({ view: "detect", datasetId: "a/b", resultId: undefined });
  expect(routeOf("#/detect/a/%")).toEqual({ view: "detect", datasetId: "a", resultId: "%" });
});

it("addresses are read as they were written", () => {
  expect(detectHash()).toBe("#/detect");
  expect(routeOf(detectHash("a/b", "c"))).toEqual({ view: "detect", datasetId: "a/b", resultId: "c" });
});
