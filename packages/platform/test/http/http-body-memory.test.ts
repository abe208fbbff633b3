import { expect, it } from "vitest";
import { ask, send } from "../../test-support/requests.ts";
import { makeDataFolder, startService } from "../../test-support/servers/service-process.ts";

it("where memory is short, refuses for good what could never be read, and takes what can", async () => {
  const folder = makeDataFolder();
  const small = await startService({
    dataFolder: folder.path,
    program: "newest",
    environment: { NOMALY_MEMORY_LIMIT_BYTES: "1GiB" },
  });
  try {
    const { id } = await ask(small.url, "POST /api/detectors", { json: { name: "small" } });
    const learned = Array.from({ length: 100 }, (_, row) => [row % 7, row % 11]);
    await ask(small.url, "POST /api/detection/train", { json: { detector_id: id, columns: ["x", "y"], data: learned } });
    const explain = (rows: readonly (readonly number[])[]) =>
      send(small.url, "POST /api/detection/explain", { json: { detector_id: id, columns: ["x", "y"], data: rows } });
    const refused = await explain(Array.from({ length: 1_000_000 }, () => []));
    expect([refused.status, refused.body["code"], refused.body["field"]]).toEqual([413, "TOO_LARGE", "body"]);
    expect(refused.body["detail"]).toContain("memory_limit_bytes");
    expect((await explain(Array.from({ length: 50_000 }, () => [1, 2]))).status).toBe(200);
  } finally {
    await small.end("SIGTERM");
    await folder.remove();
  }
});
