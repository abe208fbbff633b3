import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openSchemathesis } from "../../test-support/attacks/schemathesis.ts";
import { someRows, startService, type TestService, trainedDetector } from "../../test-support/servers/service.ts";

const tool = await openSchemathesis();

describe.skipIf(tool === undefined)("the service by its description (needs Python and the package schemathesis)", () => {
  let service: TestService;
  let key: string;
  beforeAll(async () => {
    service = await startService({ auth: "required", rate_limit: "100000" });
    key = await service.createKey(["admin"]);
    const headers = { "x-api-key": key };
    const detector = await trainedDetector(service, {}, headers);
    await service.ask("POST /api/datasets", { json: { name: "rows", data: someRows(60) }, headers });
    await service.ask("POST /detection/predict", { json: { detector_id: detector, data: someRows(10), keep: true }, headers });
  });
  afterAll(async () => {
    await service?.close();
    tool?.close();
  });

  it.each([1, 2])("stands up to all checks of Schemathesis, begun with the seed %i", { timeout: 3_600_000 }, async (seed) => {
    const { isClean, output } = (await tool?.run(service.url, { key, seed, exampleCount: 60 })) ?? { isClean: false, output: "" };
    expect(isClean, output).toBe(true);
    const alive = await service.ask("GET /health/ready");
    expect(alive.status).toBe(200);
  });
});
