import type { AddressInfo } from "node:net";
import { describe, expect, it, onTestFinished } from "vitest";
import { objectStore, storeRegion } from "../../test-support/servers/object-store.ts";
import { startService } from "../../test-support/servers/service.ts";

describe("a service with object storage", () => {
  it("keeps data sets there, and reads them from there", { timeout: 60_000 }, async () => {
    const { server, objects } = objectStore({ id: "test-id", secret: "test-secret", token: "test-token" });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    onTestFinished(() => {
      server.closeAllConnections();
      server.close();
    });
    const service = await startService({
      storage: "s3",
      s3_endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      s3_region: storeRegion,
      s3_bucket: "bucket",
      s3_access_key_id: "test-id",
      s3_secret_access_key: "test-secret",
      s3_session_token: "test-token",
    });
    onTestFinished(() => service.close());
    const form = new FormData();
    form.append("file", new Blob(["a,b\n1,2\n3,4\n"]), "small.csv");
    const { status, body } = await service.ask("POST /api/datasets", { form });
    expect(status).toBe(201);
    const stored = [...objects].filter(([key]) => key.startsWith("dataset/")).map(([, { bytes }]) => bytes.toString());
    expect(stored).toEqual(["a,b\n1,2\n3,4\n"]);
    const rows = await service.ask(`GET /api/datasets/${String(body["id"])}/rows`);
    expect(rows.body["rows"]).toEqual([
      { a: 1, b: 2 },
      { a: 3, b: 4 },
    ]);
  });

  it.each([
    ["keys", {}, "s3_access_key_id"],
    ["a token for its role", { s3_role_arn: "arn:aws:iam::1:role/blobs" }, "s3_web_identity_token_file"],
  ])("does not start without %s, and names what is missing", { timeout: 60_000 }, async (_what, given, field) => {
    const settings = { storage: "s3", s3_endpoint: "http://127.0.0.1:9", s3_bucket: "bucket", ...given };
    await expect(startService(settings)).rejects.toMatchObject({ code: "CONFIG", field });
  });
});
