import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startService, type TestService } from "../../test-support/servers/service.ts";

const fixtures = resolve(import.meta.dirname, "../../../../fixtures");
const headers = { "content-type": "application/vnd.apache.arrow.stream" };
const written = (name: string) => readFileSync(join(fixtures, "written", name));

/** The rows that the script of the fixtures writes. */
const rows = Array.from({ length: 60 }, (_, row) => ({
  speed: row === 30 ? 400 : 50 + (row % 7) / 4,
  city: row % 2 === 0 ? "Ulm" : "Bonn",
}));

let service: TestService;
let detector: string;
beforeAll(async () => {
  service = await startService();
  const made = await service.ask("POST /api/detectors", { json: { name: "speeds", algorithm_name: "isolation-forest" } });
  detector = String(made.body["id"]);
  await service.ask("POST /api/detection/train", { json: { detector_id: detector, data: rows } });
});
afterAll(() => service.close());

const predict = (bytes: Uint8Array) => service.ask(`POST /detection/predict?detector_id=${detector}`, { bytes, headers });

describe("a body with compressed buffers", () => {
  it.each(["rows-lz4-stream.arrow", "rows-views-zstd-stream.arrow"])(
    "%s gets the scores of the same rows as JSON",
    async (name) => {
      const ofJson = await service.ask("POST /detection/predict", { json: { detector_id: detector, data: rows } });
      const ofArrow = await predict(written(name));
      expect([ofArrow.status, ofArrow.body["predictions"]]).toEqual([200, ofJson.body["predictions"]]);
      expect((ofArrow.body["predictions"] as readonly unknown[]).length).toBe(rows.length);
    },
  );

  it("that says it becomes ten gigabytes is refused with the limit", async () => {
    const bytes = written("rows-views-zstd-stream.arrow");
    const at = bytes.indexOf(Buffer.from([0x28, 0xb5, 0x2f, 0xfd]));
    bytes.writeBigInt64LE(10_000_000_000n, at - 8);
    const { status, body } = await predict(bytes);
    expect([status, body["code"], body["field"]]).toEqual([413, "TOO_LARGE", "body"]);
    expect(JSON.stringify(body)).toMatch(/the body has at least 1\d{10} bytes once it is unpacked; a request may have 268435456/);
  });

  it("that is damaged is refused with the batch, the column and the buffer", async () => {
    const bytes = written("rows-lz4-stream.arrow");
    bytes[bytes.indexOf(Buffer.from([0x04, 0x22, 0x4d, 0x18])) + 6] ^= 1;
    const { status, body } = await predict(bytes);
    expect([status, body["code"]]).toEqual([400, "REQUEST"]);
    expect(JSON.stringify(body)).toMatch(
      /record batch 0, the values of column \\"speed\\", which should become 480 bytes: its LZ4 frame/,
    );
  });
});
