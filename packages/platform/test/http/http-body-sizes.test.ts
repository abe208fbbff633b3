import { afterAll, beforeAll, expect, it } from "vitest";
import { startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

let service: TestService;
let detector: string;

beforeAll(async () => {
  service = await startService();
  detector = await trainedDetector(service);
});
afterAll(() => service.close());

const json = { "content-type": "application/json" };
const largeText = "a".repeat(9 * 1024 ** 2);

it.each(["POST /api/detectors", "POST /api/detection/explain"])(
  "refuses more JSON than can be read beside other requests, and says where many rows go: %s",
  async (route) => {
    const { status, body } = await service.ask(route, { bytes: `{"name":"${largeText}"}`, headers: json });
    expect([status, body["code"], body["field"]]).toEqual([413, "TOO_LARGE", "body"]);
    expect(body["detail"]).toContain("POST /api/datasets");
  },
);

it("takes larger bodies where workers read them, and larger files", async () => {
  const rows = `${"[1,2.2525],".repeat(950_000)}[1,2]`;
  const bytes = `{"detector_id":"${detector}","columns":["x","y"],"data":[${rows}]}`;
  expect(bytes.length).toBeGreaterThan(largeText.length);
  const predicted = await service.ask("POST /api/detection/predict", { bytes, headers: json });
  expect([predicted.status, predicted.body["field"]]).not.toEqual([413, "body"]);
  const stored = await service.ask("POST /api/datasets", {
    bytes: `{"name":"many","columns":["x","y"],"data":[${rows}]}`,
    headers: json,
  });
  expect([stored.status, stored.body["n_samples"]]).toEqual([201, 950_001]);
  const form = new FormData();
  form.append("file", new Blob([`x,y\n${"1,2.25\n".repeat(1_400_000)}`]), "rows.csv");
  expect((await service.ask("POST /api/datasets", { form })).status).toBe(201);
});
