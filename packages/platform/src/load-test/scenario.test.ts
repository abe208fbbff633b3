import { expect, it } from "vitest";
import { parseScenario } from "./scenario.ts";

const predict = { kind: "predict", detector_id: "d", data: "rows.csv" };

it("a scenario gives its numbers, its kinds with their defaults, and its limits", () => {
  const scenario = parseScenario(
    "day.json",
    JSON.stringify({
      duration: 5,
      rate: 0.5,
      warm_up: 0,
      kinds: [
        { ...predict, name: "score", weight: 8, rows: 3, expect: ["p95 < 200"] },
        { kind: "train", detector_id: "d", data: "rows.csv" },
        { kind: "health" },
        { kind: "get", path: "/api/detectors", name: "list" },
      ],
      expect: ["success_rate>=99"],
    }),
  );
  expect(scenario).toEqual({
    numbers: { duration: 5, rate: 0.5, warm_up: 0 },
    kinds: [
      {
        kind: "predict",
        name: "score",
        weight: 8,
        detectorId: "d",
        file: "rows.csv",
        rowsPerRequest: 3,
        expect: [{ text: "p95 < 200", field: "p95_response_time", sign: "<", limit: 200 }],
      },
      { kind: "train", name: "train", weight: 1, detectorId: "d", file: "rows.csv", expect: [] },
      { kind: "health", name: "health", weight: 1, path: "/health/ready", expect: [] },
      { kind: "get", name: "list", weight: 1, path: "/api/detectors", expect: [] },
    ],
    expect: [{ text: "success_rate>=99", field: "success_rate", sign: ">=", limit: 99 }],
  });
});

const kinds = [{ kind: "health" }];

it.each([
  ["kinds", {}, "kinds must be a list, got nothing"],
  ["kinds", { kinds: [] }, "kinds must be a list of at least one kind of request, got an empty list"],
  ["kinds", { kinds: Array.from({ length: 21 }, () => kinds[0]) }, "kinds must be at most 20 entries, got 21"],
  ["kinds[0]", { kinds: [7] }, "kinds[0] must be an object, got 7"],
  ["kinds[0].kind", { kinds: [{ kind: "sing" }] }, 'kinds[0].kind must be one of predict, train, health, get, got "sing"'],
  ["wieght", { kinds: [{ kind: "health", wieght: 1 }] }, 'kinds[0] has no field "wieght"; did you mean "weight"?'],
  ["kinds[0].weight", { kinds: [{ kind: "health", weight: 0 }] }, "kinds[0].weight must be a number above 0 to 1000, got 0"],
  ["kinds[0].rows", { kinds: [{ ...predict, rows: 2.5 }] }, "kinds[0].rows must be a whole number from 1 to 10000, got 2.5"],
  ["kinds[0].data", { kinds: [{ ...predict, data: "" }] }, 'kinds[0].data must be a text of 1 to 1000 letters, got ""'],
  [
    "kinds[0].path",
    { kinds: [{ kind: "get", path: "/a\r\nx: y" }] },
    "kinds[0].path must be a path of ASCII letters that begins with /, such as /api/detectors",
  ],
  ["kinds[1].name", { kinds: [kinds[0], kinds[0]] }, 'kinds[1].name must be another name than those before it, got "health"'],
  ["duration", { kinds, duration: "60" }, 'duration must be a number above 0 to 86400, got "60"'],
  ["concurrency", { kinds, concurrency: 20_000 }, "concurrency must be a whole number from 1 to 10000, got 20000"],
  ["expect[0]", { kinds, expect: ["p98<1"] }, 'expect[0] knows no field "p98"'],
  ["duratoin", { kinds, duratoin: 1 }, 'the scenario has no field "duratoin"; did you mean "duration"?'],
])("a wrong %s is refused by its name", (field, scenario, message) => {
  expect(() => parseScenario("day.json", JSON.stringify(scenario))).toThrow(
    expect.objectContaining({ code: "FILE_FORMAT", field, message: expect.stringContaining(message) as string }),
  );
});

it("what is no JSON is refused with the name of the file", () => {
  expect(() => parseScenario("day.json", "{")).toThrow(
    expect.objectContaining({ code: "FILE_FORMAT", message: expect.stringMatching(/^day\.json is no JSON: /) as string }),
  );
});
