/** Uploads of text files as people write them, and models that read texts as they learned to. */

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "../../test-support/servers/service.ts";

let service: TestService;
beforeAll(async () => {
  service = await startService();
});
afterAll(() => service.close());

const rowCount = 60;
const amountAt = (row: number) => 1000 + ((row * 37) % 500) + (row === 30 ? 40_000 : 0);
const german = (value: number) => value.toLocaleString("de-DE", { minimumFractionDigits: 2 });
const dayAt = (row: number) => new Date(Date.UTC(2024, 0, 1 + ((row * 77) % 359))).toISOString().slice(0, 10);
const germanDay = (row: number) => dayAt(row).split("-").toReversed().join(".");
const lines = (line: (row: number) => string) => Array.from({ length: rowCount }, (_, row) => line(row)).join("\n");
const written = `Betrag;Tag;Anteil\n${lines((row) => `${german(amountAt(row))};${germanDay(row)};${row % 7}%`)}\n`;
const plain = `Betrag,Tag,Anteil\n${lines((row) => `${amountAt(row)},${dayAt(row)},${row % 7}`)}\n`;

async function upload(content: string | Uint8Array, fields: Record<string, string> = {}, fieldsLast = false) {
  const form = new FormData();
  const file = () => form.append("file", new Blob([content as BlobPart]), "rows.csv");
  if (fieldsLast) file();
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  if (!fieldsLast) file();
  return service.ask("POST /api/datasets", { form });
}

async function trainedOn(datasetId: unknown) {
  const made = await service.ask("POST /api/detectors", { json: { name: "d", algorithm_name: "isolation-forest" } });
  const trained = await service.ask("POST /api/detection/train", {
    json: { detector_id: made.body["id"], dataset_id: datasetId },
  });
  expect(trained.status).toBe(200);
  return { id: made.body["id"], threshold: trained.body["threshold"], notes: trained.body["notes"] };
}

describe("an upload of a text file", () => {
  it("is read as people write it, and trains the same model as plain numbers", async () => {
    const [found, expected] = await Promise.all([upload(written), upload(plain)]);
    expect([found.status, expected.status]).toEqual([201, 201]);
    expect(found.body["columns"]).toEqual([
      { name: "Betrag", type: "DOUBLE" },
      { name: "Tag", type: "TIMESTAMP" },
      { name: "Anteil", type: "DOUBLE" },
    ]);
    expect((await trainedOn(found.body["id"])).threshold).toBe((await trainedOn(expected.body["id"])).threshold);
  });

  it("is answered with notes that say how it was read, as are the data set and a training on it, and not where it says nothing", async () => {
    const { body } = await upload(written);
    const note =
      /^read as people write numbers and dates: Betrag \("[\d.]+,00" is \d+\), Tag \("(\d\d)\.(\d\d)\.2024" is 2024-\2-\1\)/;
    expect(body["notes"]).toEqual([expect.stringMatching(note)]);
    expect((await service.ask(`GET /api/datasets/${String(body["id"])}`)).body["notes"]).toEqual(body["notes"]);
    const listed = (await service.ask("GET /api/datasets?limit=1")).body["items"] as readonly object[];
    expect(listed[0]).toMatchObject({ notes: body["notes"] });
    expect((await trainedOn(body["id"])).notes).toEqual(body["notes"]);
    const { body: silent } = await upload(plain);
    expect([silent["notes"], (await trainedOn(silent["id"])).notes]).toEqual([[], []]);
  });

  it("has notes on columns that leave open how they are written", async () => {
    const rows = Array.from({ length: 20 }, (_, row) => ({ x: `1,${100 + row}`, y: row }));
    const { status, body } = await service.ask("POST /api/datasets", { json: { name: "open", data: rows } });
    expect([status, body["notes"]]).toEqual([
      201,
      ['column x stays text: "1,100" leaves open how its numbers or dates are written'],
    ]);
  });

  it("takes the options of the command as fields, and tells them", async () => {
    const text = `# top\nx;y\n${lines((row) => `1,${100 + row};${row % 7}`)}\n`;
    const refused = await upload(text, { comment: "#" });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "FILE_FORMAT", field: "x" });
    expect(String(refused.body["detail"])).toMatch(
      /holds "1,100" in row 0, .*; pass decimal_comma for decimals, or thousands "," for thousands/,
    );
    const stored = await upload(text, { comment: "#", decimal_comma: "true" });
    expect([stored.status, stored.body["reading"]]).toEqual([201, { comment: "#", decimal_comma: "true" }]);
    const page = await service.ask(`GET /api/datasets/${String(stored.body["id"])}/rows?limit=2`);
    expect(page.body["rows"]).toEqual([
      { x: 1.1, y: 0 },
      { x: 1.101, y: 1 },
    ]);
    await trainedOn(stored.body["id"]);
  });

  it.each<readonly [string, Record<string, string>, number, object]>([
    ["an unknown option", { decimal: "x" }, 400, { code: "REQUEST", field: "decimal" }],
    ["a switch that is neither true nor false", { decimal_comma: "yes" }, 400, { code: "PARAM", field: "decimal_comma" }],
    ["a value that cannot be used", { date_order: "dym" }, 400, { code: "PARAM", field: "date_order" }],
    ["two meanings of a comma", { decimal_comma: "true", thousands: "," }, 400, { code: "PARAM" }],
    ["an unknown encoding", { encoding: "latin-9000" }, 400, { code: "PARAM", field: "encoding" }],
  ])("is refused with %s", async (_, fields, status, problem) => {
    const refused = await upload(plain, fields);
    expect(refused.status).toBe(status);
    expect(refused.body).toMatchObject(problem);
  });

  it("is refused where a field comes after the file, as it would have no effect", async () => {
    const refused = await upload(plain, { decimal_comma: "true" }, true);
    expect([refused.status, refused.body["code"], refused.body["field"]]).toEqual([400, "REQUEST", "decimal_comma"]);
  });

  it("is refused for a spreadsheet under any name", async () => {
    const refused = await upload(
      Buffer.concat([Buffer.from("PK\u0003\u0004"), Buffer.alloc(26), Buffer.from("xl/workbook.xml")]),
    );
    expect([refused.status, refused.body["code"]]).toEqual([422, "FILE_FORMAT"]);
    expect(String(refused.body["detail"])).toMatch(/is an Excel workbook \(\.xlsx\)/);
  });
});

describe("rows of a request", () => {
  it("are read as the model learned to read texts, dates also in ISO form", async () => {
    const { id } = await trainedOn((await upload(written)).body["id"]);
    const predict = (row: object) => service.ask("POST /api/detection/predict", { json: { detector_id: id, data: [row] } });
    const scoreOf = async (row: object) =>
      ((await predict(row)).body["predictions"] as { anomaly_score: number }[])[0].anomaly_score;
    const expected = await scoreOf({ Betrag: 1234.5, Tag: "2024-12-04", Anteil: 3 });
    expect(await scoreOf({ Betrag: "1.234,50", Tag: "04.12.2024", Anteil: "3%" })).toBe(expected);
    const refused = await predict({ Betrag: 1, Tag: "banana 4", Anteil: 3 });
    expect(refused.status).toBe(422);
    expect(refused.body).toMatchObject({ code: "COLUMN", field: "Tag" });
    expect(String(refused.body["detail"])).toBe(
      'column "Tag" was date in training, but is text ("banana 4") in row 0; dates are written 2026-12-31 or 2026-12-31T10:30:00Z or, as in training, 31/12/2026',
    );
  });

  it("take dates in ISO form only where the model learned nothing else", async () => {
    const { id } = await trainedOn((await upload(plain)).body["id"]);
    const predict = (day: string) =>
      service.ask("POST /api/detection/predict", { json: { detector_id: id, data: [{ Betrag: 1, Tag: day, Anteil: 3 }] } });
    expect((await predict("2024-12-04T10:30:00Z")).status).toBe(200);
    for (const day of ["04.12.2024", "12/4/2024", "banana 4", "2024-02-30"])
      expect([day, (await predict(day)).status]).toEqual([day, 422]);
  });

  it("of a data set are read as the model learned, also where they alone do not tell how", async () => {
    const { id } = await trainedOn((await upload(written)).body["id"]);
    const stored = await upload("Betrag;Tag;Anteil\n1.234,0;04.12.2024;3%\n1.300,0;05.12.2024;3%\n", { date_order: "dmy" });
    const predicted = await service.ask("POST /api/detection/predict", {
      json: { detector_id: id, dataset_id: stored.body["id"] },
    });
    expect([stored.status, predicted.status]).toEqual([201, 200]);
  });
});
