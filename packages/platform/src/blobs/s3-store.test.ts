import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { serve } from "../../test-support/servers/local-servers.ts";
import { objectStore, storeRegion } from "../../test-support/servers/object-store.ts";
import { createHttpClient } from "../http-client/http-client.ts";
import type { BlobStore } from "./blob-store.ts";
import { defaultStsEndpoint, type S3Credentials } from "./s3-client.ts";
import { openS3Store } from "./s3-store.ts";

const keys = { id: "test-id", secret: "test-secret" };

describe("object storage", () => {
  const fake = objectStore(keys);
  const { server, objects, uploads, seen } = fake;
  let client: ReturnType<typeof createHttpClient>;
  let store: BlobStore;
  let endpoint: string;
  const openAs = (credentials: S3Credentials): Promise<BlobStore> =>
    openS3Store({ client, endpoint, region: storeRegion, bucket: "bucket", credentials });
  const openWith = (secretAccessKey: string, sessionToken?: string): Promise<BlobStore> =>
    openAs({ kind: "keys", accessKeyId: keys.id, secretAccessKey, sessionToken });

  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    endpoint = `http://127.0.0.1:${port}`;
    client = createHttpClient({ allowedHosts: [{ host: "127.0.0.1", isPrivate: true, isPlain: true }] });
    store = await openWith(keys.secret);
  });
  afterAll(async () => {
    expect(client.stats().inUse).toBe(0);
    await client.close();
    server.closeAllConnections();
    server.close();
  });

  const written = (text: string) => store.write("dataset", Readable.from([text]), { sizeBytesMax: 1000 });

  it("keeps bytes under a new key, with their size and checksum", async () => {
    const blob = await written("a,b\n1,2\n");
    // printf 'a,b\n1,2\n' | sha256sum
    expect(blob).toMatchObject({ sizeBytes: 8, checksum: "492d5ea496056f1a6a6592241032fab764c321596317930b4fa0e1e8bc3b7470" });
    expect(Buffer.from(await store.read(blob.key)).toString()).toBe("a,b\n1,2\n");
    const opened = await store.open(blob.key);
    expect(readFileSync(opened.path, "utf8")).toBe("a,b\n1,2\n");
    await opened.release();
    expect(() => readFileSync(opened.path)).toThrow("ENOENT");
  });

  it("removes bytes, and what is not there is removed already", async () => {
    const { key } = await written("x");
    await store.remove(key);
    await store.remove(key);
    await expect(store.read(key)).rejects.toMatchObject({ code: "STORAGE" });
    await expect(store.open(key)).rejects.toMatchObject({ code: "STORAGE" });
  });

  it("stores nothing of what is too large", async () => {
    const count = objects.size;
    const large = store.write("dataset", Readable.from(["x".repeat(1001)]), { sizeBytesMax: 1000 });
    await expect(large).rejects.toMatchObject({ code: "TOO_LARGE" });
    expect(objects.size).toBe(count);
  });

  it("lists what is older than a time, page by page", async () => {
    const keys = new Set<string>();
    for (let index = 0; index < 3; index++) keys.add((await written(String(index))).key);
    const later = Date.now() + 1000;
    const found: string[] = [];
    for await (const key of store.keysBefore(later)) found.push(key);
    expect(found).toEqual(expect.arrayContaining([...keys]));
    for await (const key of store.keysBefore(0)) expect.unreachable(key);
  });

  it("says what the store said when the secret is wrong, and shows no secret", async () => {
    const other = await openWith("another-secret");
    await expect(other.check()).rejects.toMatchObject({
      code: "STORAGE",
      message: expect.stringContaining("SignatureDoesNotMatch") as string,
    });
    await expect(other.check()).rejects.not.toMatchObject({ message: expect.stringContaining("another-secret") as string });
    await expect(store.check()).resolves.toEqual({ freeBytes: undefined });
  });

  it("is one installation's alone", async () => {
    await store.claim("a");
    await store.claim("a");
    await expect(store.claim("b")).rejects.toMatchObject({ code: "CONFIG" });
  });

  it("opens no key that is not one of ours", async () => {
    await expect(store.read("../secret")).rejects.toMatchObject({ code: "STORAGE", field: "blob_key" });
  });

  /** As many bytes, so that no two parts are equal. */
  const bytesOf = (count: number) => Buffer.alloc(count, createHash("sha512").update(String(count)).digest("hex") + "x");
  const send = (bytes: Buffer) => store.write("dataset", Readable.from([bytes]), { sizeBytesMax: 1e9 });
  const mib = 1024 ** 2;

  it.each([
    ["16 MiB", 16 * mib, [`PUT ${16 * mib}`]],
    [
      "a byte more",
      16 * mib + 1,
      ["POST uploads 0", `PUT partNumber uploadId ${16 * mib}`, "PUT partNumber uploadId 1", expect.any(String)],
    ],
    [
      "40 MiB",
      40 * mib,
      [
        "POST uploads 0",
        ...[16, 16, 8].map((size) => `PUT partNumber uploadId ${size * mib}`),
        expect.stringMatching(/^POST uploadId /),
      ],
    ],
  ])("sends %s in parts of 16 MiB at most, which are one blob again", { timeout: 60_000 }, async (_size, sizeBytes, requests) => {
    const bytes = bytesOf(sizeBytes);
    seen.length = 0;
    const { key, checksum } = await send(bytes);
    expect(seen).toEqual(requests);
    expect(checksum).toBe(createHash("sha256").update(bytes).digest("hex"));
    expect(Buffer.compare(Buffer.from(await store.read(key)), bytes)).toBe(0);
    expect(uploads.size).toBe(0);
  });

  it("sends a part again that did not arrive, from its beginning", async () => {
    let failures = 0;
    fake.instead = (what) =>
      what === "PUT partNumber uploadId 1" && failures++ < 2 ? { status: 503, headers: { "retry-after": "0" } } : undefined;
    onTestFinished(() => void (fake.instead = undefined));
    const bytes = bytesOf(16 * mib + 1);
    const { key } = await send(bytes);
    expect([failures, Buffer.compare(Buffer.from(await store.read(key)), bytes)]).toEqual([3, 0]);
  });

  it("leaves no parts of an upload that failed, and says why it failed", async () => {
    fake.instead = (what) =>
      what === "PUT partNumber uploadId 1" ? { status: 403, body: "<Error><Code>QuotaExceeded</Code></Error>" } : undefined;
    onTestFinished(() => void (fake.instead = undefined));
    const count = objects.size;
    await expect(send(bytesOf(16 * mib + 1))).rejects.toMatchObject({
      code: "STORAGE",
      message: expect.stringContaining("status 403 (QuotaExceeded)") as string,
    });
    expect([objects.size, uploads.size]).toEqual([count, 0]);
  });

  const inStead = (answer: NonNullable<typeof fake.instead>) => {
    fake.instead = answer;
    onTestFinished(() => void (fake.instead = undefined));
  };
  const busy = { status: 503, headers: { "retry-after": "0" } };
  const isComplete = (what: string) => what.startsWith("POST uploadId");

  it("begins and completes an upload again when the store is busy", async () => {
    const failed = new Set<string>();
    inStead((what) => {
      if (!what.startsWith("POST") || failed.has(what)) return undefined;
      failed.add(what);
      return busy;
    });
    const { key } = await send(bytesOf(16 * mib + 1));
    expect([failed.size, objects.has(key), uploads.size]).toEqual([2, true, 0]);
  });

  it.each([
    ["of the right size is there", 16 * mib + 1, "fulfilled"],
    ["of another size is there", 1, "rejected"],
  ])("takes an upload that is no longer known as complete when an object %s", async (_what, sizeBytes, outcome) => {
    inStead((what) => {
      const [id, upload] = [...uploads][0] ?? [];
      if (!isComplete(what) || id === undefined || upload === undefined) return undefined;
      objects.set(upload.key, { bytes: Buffer.alloc(sizeBytes), modified: new Date() });
      uploads.delete(id);
      return busy;
    });
    const [{ status }] = await Promise.allSettled([send(bytesOf(16 * mib + 1))]);
    expect(status).toBe(outcome);
  });

  it("waits for the store to put a large upload together", async () => {
    const allowedHosts = [{ host: "127.0.0.1", isPrivate: true, isPlain: true }];
    const hasty = createHttpClient({ allowedHosts, headersTimeoutMs: 1000, attemptsMax: 1 });
    onTestFinished(() => hasty.close());
    const credentials = { kind: "keys", accessKeyId: keys.id, secretAccessKey: keys.secret, sessionToken: undefined } as const;
    const blobs = await openS3Store({ client: hasty, endpoint, region: storeRegion, bucket: "bucket", credentials });
    inStead(async (what) => {
      if (isComplete(what)) await sleep(2500);
      return undefined;
    });
    const { key } = await blobs.write("dataset", Readable.from([bytesOf(16 * mib + 1)]), { sizeBytesMax: 1e9 });
    expect(objects.has(key)).toBe(true);
  });

  it("leaves no parts when the caller stops while the upload begins", async () => {
    const stop = new AbortController();
    inStead((what) => {
      if (what === "POST uploads 0") stop.abort();
      return undefined;
    });
    const content = Readable.from([bytesOf(16 * mib + 1)]);
    const stopped = store.write("dataset", content, { sizeBytesMax: 1e9, signal: stop.signal });
    await expect(stopped).rejects.toMatchObject({ code: "ABORTED" });
    expect(uploads.size).toBe(0);
  });

  it("removes parts of its own uploads that began before a time, page by page, and nobody else's", async () => {
    onTestFinished(() => uploads.clear());
    const begun = (key: string, hour: number) =>
      uploads.set(key, { key, initiated: new Date(Date.UTC(2026, 0, 1, hour)), parts: new Map() });
    const ours = [1, 2, 3, 4].map((number) => `model/${String(number).repeat(8)}-0000-4000-8000-000000000000`);
    ours.forEach((key) => begun(key, 1));
    begun("another/program", 1);
    begun("dataset/00000000-0000-4000-8000-000000000000", 3);
    expect(await store.removeUnfinished(Date.UTC(2026, 0, 1, 2), new AbortController().signal)).toBe(4);
    expect([...uploads.keys()]).toEqual(["another/program", "dataset/00000000-0000-4000-8000-000000000000"]);
  });

  it("takes no bucket that is not there for bytes that are not there", async () => {
    inStead(() => ({ status: 404, body: "<Error><Code>NoSuchBucket</Code></Error>" }));
    const key = "dataset/00000000-0000-4000-8000-000000000000";
    const message = expect.stringContaining("status 404 (NoSuchBucket)") as string;
    await expect(store.remove(key)).rejects.toMatchObject({ code: "STORAGE", message });
    await expect(store.read(key)).rejects.toMatchObject({ code: "STORAGE", message });
  });

  it("reads no more than the beginning of an error without end", async () => {
    let sentBytes = 0;
    const body = new Readable({
      read() {
        sentBytes += mib;
        this.push(sentBytes > 64 * mib ? null : Buffer.alloc(mib, "<Error>"));
      },
    });
    inStead((what) => (what === "GET 0" ? { status: 403, body } : undefined));
    await expect(store.read("dataset/00000000-0000-4000-8000-000000000000")).rejects.toMatchObject({
      code: "STORAGE",
      message: expect.stringMatching(/: status 403 .*$/) as string,
    });
    expect(sentBytes).toBeLessThan(32 * mib);
  });

  it("says in one line that an error broke off", async () => {
    async function* broken() {
      yield "<Error>";
      await sleep(50);
      server.closeAllConnections();
    }
    inStead((what) => (what === "GET 0" ? { status: 403, body: Readable.from(broken()) } : undefined));
    await expect(store.read("dataset/00000000-0000-4000-8000-000000000000")).rejects.toMatchObject({
      code: "OUTGOING",
      message: expect.stringMatching(/^a call to \S+ failed: \w+$/) as string,
    });
  });

  /** The environment of other programs, and how often a metadata service that it names is asked. */
  async function environmentOfOthers() {
    const metadata = { asked: 0 };
    const port = await serve((_request, response) => {
      metadata.asked++;
      response.end("eu-test-1");
    });
    const environment = {
      AWS_DEFAULTS_MODE: "auto",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: `http://127.0.0.1:${port}`,
      AWS_USE_FIPS_ENDPOINT: "true",
      AWS_USE_DUALSTACK_ENDPOINT: "true",
      AWS_AUTH_SCHEME_PREFERENCE: "sigv4a",
    };
    for (const [name, value] of Object.entries(environment)) vi.stubEnv(name, value);
    onTestFinished(() => void vi.unstubAllEnvs());
    return metadata;
  }

  it("asks no metadata service, whatever the environment says", async () => {
    const metadata = await environmentOfOthers();
    await (await openWith(keys.secret)).check();
    expect(metadata.asked).toBe(0);
  });

  it.each([
    ["eu-west-1", "https://sts.eu-west-1.amazonaws.com"],
    ["cn-north-1", "https://sts.cn-north-1.amazonaws.com.cn"],
  ])("changes tokens of %s at %s by default", (region, url) => expect(defaultStsEndpoint(region)).toBe(url));

  it("signs with the token of keys that are valid for a while", async () => {
    fake.keys = { ...keys, token: "test-token/+=" };
    onTestFinished(() => void (fake.keys = keys));
    await expect((await openWith(keys.secret, "test-token/+=")).check()).resolves.toEqual({ freeBytes: undefined });
    for (const token of [undefined, "another-token"]) {
      await expect((await openWith(keys.secret, token)).check()).rejects.toMatchObject({
        code: "STORAGE",
        message: "object storage did not list bucket: status 403 (InvalidToken)",
      });
    }
  });

  describe("with a role instead of keys", () => {
    const folder = mkdtempSync(join(tmpdir(), "nomaly-role-"));
    const webIdentityTokenFile = join(folder, "token");
    afterAll(() => rmSync(folder, { recursive: true, force: true }));

    /** Changes a token for keys, as AssumeRoleWithWebIdentity of the AWS Security Token Service does. */
    async function tokenService(lastsMs: number, refusals: { status: number; headers?: Record<string, string> }[] = []) {
      const asked: Record<string, string>[] = [];
      const port = await serve((request, response) => {
        let text = "";
        request.on("data", (piece) => (text += String(piece)));
        request.on("end", () => {
          const form = Object.fromEntries(new URLSearchParams(text));
          asked.push(form);
          const refusal = refusals.shift();
          if (refusal !== undefined) {
            response
              .writeHead(refusal.status, refusal.headers)
              .end("<ErrorResponse><Error><Code>No</Code></Error></ErrorResponse>");
            return;
          }
          const token = `of ${form["WebIdentityToken"]}`;
          fake.keys = { id: "role-id", secret: "role-secret", token };
          const expires = new Date(Date.now() + lastsMs).toISOString();
          response.setHeader("content-type", "text/xml");
          response.end(`<AssumeRoleWithWebIdentityResponse><AssumeRoleWithWebIdentityResult><Credentials>
            <AccessKeyId>role-id</AccessKeyId><SecretAccessKey>role-secret</SecretAccessKey><SessionToken>${token}</SessionToken>
            <Expiration>${expires}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`);
        });
      });
      onTestFinished(() => void (fake.keys = keys));
      return { asked, stsEndpoint: `http://127.0.0.1:${port}` };
    }

    const openRole = (stsEndpoint: string) => {
      writeFileSync(webIdentityTokenFile, "first");
      return openAs({ kind: "role", roleArn: "arn:aws:iam::1:role/blobs", webIdentityTokenFile, stsEndpoint });
    };

    it("changes the token in the file for keys, once for as long as they are valid", async () => {
      const { asked, stsEndpoint } = await tokenService(3_600_000);
      const blobs = await openRole(stsEndpoint);
      await blobs.check();
      await blobs.check();
      expect(asked).toEqual([
        {
          Action: "AssumeRoleWithWebIdentity",
          Version: "2011-06-15",
          RoleArn: "arn:aws:iam::1:role/blobs",
          RoleSessionName: "nomaly",
          WebIdentityToken: "first",
        },
      ]);
    });

    it("gets its keys whatever the environment says, and asks no metadata service", async () => {
      const metadata = await environmentOfOthers();
      const { stsEndpoint } = await tokenService(3_600_000);
      await expect((await openRole(stsEndpoint)).check()).resolves.toEqual({ freeBytes: undefined });
      expect(metadata.asked).toBe(0);
    });

    it("asks for keys again when the token service is busy", async () => {
      const { asked, stsEndpoint } = await tokenService(3_600_000, [busy]);
      await (await openRole(stsEndpoint)).check();
      expect(asked.length).toBe(2);
    });

    it("takes a 404 of the token service for no keys, not for bytes that are not there", async () => {
      const { stsEndpoint } = await tokenService(
        3_600_000,
        [1, 2, 3].map(() => ({ status: 404 })),
      );
      const blobs = await openRole(stsEndpoint);
      const key = "dataset/00000000-0000-4000-8000-000000000000";
      for (const call of [() => blobs.remove(key), () => blobs.read(key), () => blobs.claim("a")])
        await expect(call()).rejects.toMatchObject({
          code: "STORAGE",
          message: "no keys for the role: status 404 (No)",
        });
    });

    it("reads the file again when its keys end", async () => {
      const { asked, stsEndpoint } = await tokenService(1000);
      const blobs = await openRole(stsEndpoint);
      await blobs.check();
      writeFileSync(webIdentityTokenFile, "second");
      await blobs.check();
      expect([...new Set(asked.map((form) => form["WebIdentityToken"]))]).toEqual(["first", "second"]);
    });

    it("asks no host that is not allowed", async () => {
      const blobs = await openRole("http://169.254.169.254");
      await expect(blobs.check()).rejects.toMatchObject({ code: "OUTGOING", received: "http://169.254.169.254" });
    });
  });
});
