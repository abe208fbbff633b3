import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Json,
  type Reply,
  someRows,
  startService,
  type TestService,
  trainedDetector,
} from "../../test-support/servers/service.ts";

/** Every fifth row is an anomaly by its labels, so that the figures differ from those of the other way round. */
const rows = someRows(60).map((row, index) => {
  const isAnomaly = index % 5 === 4;
  return {
    ...row,
    state: isAnomaly ? "broken" : "in order",
    // As in the breast cancer data of Wisconsin: 2 is benign, 4 malignant.
    class: isAnomaly ? 4 : 2,
    passed: !isAnomaly,
    known: isAnomaly ? "yes" : "no",
    level: index % 3,
    gap: index === 7 ? null : isAnomaly ? "broken" : "in order",
  };
});
const labels = rows.map(({ known }) => (known === "yes" ? 1 : 0));
const penguins = new URL("../../../../fixtures/penguins.csv", import.meta.url);

let service: TestService;
let detector: string;
/** Ways to name the same rows, by their name in this test. */
let ways: Readonly<Record<string, object>>;

beforeAll(async () => {
  service = await startService();
  detector = await trainedDetector(service, { options: { seed: 1 } });
  const names = Object.keys(rows[0]) as (keyof (typeof rows)[number])[];
  const csv = [names.join(","), ...rows.map((row) => names.map((name) => row[name] ?? "").join(","))].join("\n");
  ways = {
    "rows of a request": { data: rows },
    "a data set of JSON": { dataset_id: await stored("rows.json", JSON.stringify(rows)) },
    "a data set of CSV": { dataset_id: await stored("rows.csv", csv) },
  };
});
afterAll(() => service.close());

async function stored(name: string, content: string): Promise<string> {
  const form = new FormData();
  form.append("file", new Blob([content]), name);
  const { status, body, bytes } = await service.ask("POST /api/datasets", { form });
  expect(status, bytes.toString()).toBe(201);
  return String(body["id"]);
}

const evaluate = (asked: object) => service.ask("POST /api/detection/evaluate", { json: { detector_id: detector, ...asked } });

function figures({ status, body, bytes }: Reply): Json {
  expect(status, bytes.toString()).toBe(200);
  const { processing_time_ms: _, ...rest } = body;
  return rest;
}

describe.each(["rows of a request", "a data set of JSON", "a data set of CSV"])("labels in %s", (way) => {
  it.each<[string, string, unknown]>([
    ["texts", "state", "broken"],
    ["numbers, by number", "class", 4],
    ["numbers, by text", "class", "4.0"],
    ["true and false, of which false is anomalous", "passed", false],
    ["known words, with one of them named", "known", "yes"],
    ["known words, with none named", "known", undefined],
  ])("are any two values: %s", async (_, label_column, anomaly_value) => {
    const given = figures(await evaluate({ data: rows, labels }));
    expect(given["roc_auc"]).not.toBe(0.5);
    expect(figures(await evaluate({ ...ways[way], label_column, anomaly_value }))).toEqual(given);
  });

  it("can be the other way round", async () => {
    const inverted = figures(await evaluate({ data: rows, labels: labels.map((label) => 1 - label) }));
    const asked = { ...ways[way], label_column: "known" };
    expect(figures(await evaluate({ ...asked, anomaly_value: "no" }))).toEqual(inverted);
    expect(figures(await evaluate({ ...asked, anomaly_value: "yes" }))).not.toEqual(inverted);
    expect(figures(await evaluate({ ...ways[way], label_column: "passed" }))).toEqual(inverted);
  });

  it.each<[string, object, number | undefined, RegExp]>([
    [
      "two values that do not tell which is anomalous",
      { label_column: "state" },
      undefined,
      /column "state" holds the two values "in order" and "broken": tell which is anomalous with anomaly_value "in order" or "broken"$/,
    ],
    [
      "numbers that do not tell which is anomalous",
      { label_column: "class" },
      undefined,
      /column "class" holds the two values "2" and "4": tell which is anomalous with anomaly_value "2" or "4"$/,
    ],
    [
      "more than two values",
      { label_column: "level", anomaly_value: 1 },
      2,
      /column "level" must hold two values to be labels, and holds more: "0", "1", "2", the last in row 2$/,
    ],
    [
      "more than two values, with none named",
      { label_column: "level" },
      2,
      /column "level" must hold labels, 1 for anomalous and 0 for normal \(or .*\), or any two values; row 2 holds "2"$/,
    ],
    [
      "a row without a label",
      { label_column: "gap", anomaly_value: "broken" },
      7,
      /column "gap" must hold .*; row 7 holds nothing$/,
    ],
    [
      "a value that nearly occurs",
      { label_column: "state", anomaly_value: "brokn" },
      undefined,
      /column "state" has no value "brokn", which is to mark anomalous rows; did you mean "broken"\?$/,
    ],
    [
      "a value that does not occur",
      { label_column: "class", anomaly_value: true },
      undefined,
      /column "class" has no value "true", which is to mark anomalous rows; it holds "2" and "4"$/,
    ],
  ])("are refused in one sentence: %s", async (_, asked, rowIndex, says) => {
    const { status, body } = await evaluate({ ...ways[way], ...asked });
    expect([status, body["code"], body["row_index"]]).toEqual([422, "LABEL", rowIndex]);
    expect(body["field"]).toBe((asked as { label_column: string }).label_column);
    expect(body["detail"]).toMatch(says);
  });

  it("are compared by as well, and refused for all detectors at once", async () => {
    const other = await trainedDetector(service, { algorithm_name: "knn" });
    const asked = { detector_ids: [detector, other], ...ways[way], label_column: "state" };
    const compare = (json: object) => service.ask("POST /api/detection/compare", { json });
    const { body } = await compare({ ...asked, anomaly_value: "broken" });
    const compared = (body["detectors"] as Record<string, { figures: Json }>)[detector].figures;
    expect(figures(await evaluate({ data: rows, labels }))).toMatchObject(compared);
    const refused = await compare(asked);
    expect([refused.status, refused.body["code"], refused.body["field"]]).toEqual([422, "LABEL", "state"]);
    const absent = await compare({ ...asked, label_column: "stat" });
    expect([absent.status, absent.body["code"], absent.body["field"]]).toEqual([422, "COLUMN", "label_column"]);
  });
});

it("the value of anomalous rows needs the column it stands in, and is a text, a number or true or false", async () => {
  for (const rest of [{}, { labels }]) {
    const { status, body } = await evaluate({ data: rows, ...rest, anomaly_value: "broken" });
    expect([status, body["code"], body["field"]]).toEqual([400, "REQUEST", "anomaly_value"]);
    expect(body["detail"]).toBe("anomaly_value is a value of the column of labels: it needs label_column");
  }
  for (const anomaly_value of [null, "", ["broken"], "a".repeat(1001)]) {
    const { status, body } = await evaluate({ data: rows, label_column: "state", anomaly_value });
    expect([status, body["code"], body["field"]]).toEqual([400, "REQUEST", "anomaly_value"]);
  }
});

it("a published table whose labels are two words is evaluated, and a penguin of unknown sex is told by its row", async () => {
  const text = readFileSync(penguins, "utf8");
  const dataset_id = await stored("penguins.csv", text);
  const columns = ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"];
  const made = await service.ask("POST /api/detectors", { json: { name: "penguins", options: { columns, missing: "median" } } });
  const asked = { detector_id: made.body["id"], dataset_id };
  await service.ask("POST /api/detection/train", { json: asked });
  const refused = await evaluate({ ...asked, label_column: "sex", anomaly_value: "male" });
  // The fourth penguin of the file.
  expect([refused.status, refused.body["code"], refused.body["row_index"]]).toEqual([422, "LABEL", 3]);
  const sexed = text.split("\n").filter((line) => !/,NA,\d+$/.test(line));
  const known = { detector_id: made.body["id"], dataset_id: await stored("sexed.csv", sexed.join("\n")), label_column: "sex" };
  const { confusion } = figures(await evaluate({ ...known, anomaly_value: "male" })) as { confusion: Record<string, number> };
  const males = sexed.filter((line) => line.includes(",male,")).length;
  expect(confusion["true_positives"] + confusion["false_negatives"]).toBe(males);
});
