import type { Algorithm } from "nomaly/client";
import { expect, it } from "vitest";
import { hyperparametersOf } from "./parameter-values.ts";

const parameter = (name: string, kind: string, usual: number | string | boolean) => ({
  name,
  kind,
  default: usual,
  range: "",
  description: "",
});
const algorithm: Algorithm = {
  id: "some",
  description: "",
  traits: {},
  parameters: [
    parameter("trees", "integer", 100),
    parameter("share", "number", 0.1),
    parameter("rows", "number-or-word", "auto"),
    parameter("way", "choice", "near"),
    parameter("again", "boolean", false),
  ],
};

it("sends what differs from the defaults, each in its kind", () => {
  const typed = { trees: " 300 ", share: "0.25", rows: "64", way: "far", again: "true" };
  expect(hyperparametersOf(algorithm, typed)).toEqual({ trees: 300, share: 0.25, rows: 64, way: "far", again: true });
});

it("sends nothing of empty fields, defaults and parameters of another algorithm", () => {
  const typed = { trees: "100", share: " ", rows: "auto", again: "false", other: "5" };
  expect(hyperparametersOf(algorithm, typed)).toEqual({});
  expect(hyperparametersOf(undefined, typed)).toEqual({});
});

it("leaves a text that is no number to the service, which says what is allowed", () => {
  expect(hyperparametersOf(algorithm, { trees: "many" })).toEqual({ trees: "many" });
});
