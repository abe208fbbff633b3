import { createHash, createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createHttpClient } from "../http-client/http-client.ts";
import type { BlobStore } from "./blob-store.ts";
import { openS3Store } from "./s3-store.ts";

const secret = "test-secret";
const region = "eu-test-1";

/** A store in memory that accepts nothing unless its signature is right, as "Authenticating Requests: AWS Signature Version 4" describes it. */
function objectStore() {
  const objects = new Map<string, { bytes: Buffer; modified: Date }>();
  const server = createServer((request, response) => {
    void received(request).then((bytes) => {
      const url = new URL(request.url ?? "", "http://host");
      const key = decodeURIComponent(url.pathname.replace(/^\/bucket\/?/, ""));
      const fault = signatureFault(request, url, bytes);
      if (fault !== undefined) return response.writeHead(403).end(`<Error><Code>${fault}</Code></Error>`);
      if (request.method === "PUT") {
        objects.set(key, { bytes, modified: new Date() });
        return response.writeHead(200).end();
      }
      if (request.method === "DELETE") return response.writeHead(objects.delete(key) ? 204 : 404).end();
      if (url.searchParams.has("list-type")) return response.writeHead(200).end(listing(objects, url.searchParams));
      const found = objects.get(key);
      return found === undefined ? response.writeHead(404).end() : response.writeHead(200).end(found.bytes);
    });
  });
  return { server, objects };
}

function listing(objects: ReadonlyMap<string, { modified: Date }>, query: URLSearchParams): string {
  const keys = [...objects.keys()].sort().filter((key) => key > (query.get("start-after") ?? ""));
  const contents = keys.slice(0, Number(query.get("max-keys"))).map((key) => {
    const modified = objects.get(key)?.modified.toISOString();
    return `<Contents><Key>${key}</Key><LastModified>${modified}</LastModified></Contents>`;
  });
  return `<ListBucketResult>${contents.join("")}</ListBucketResult>`;
}

async function received(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function signatureFault(request: IncomingMessage, url: URL, body: Buffer): string | undefined {
  const header = (name: string) => String(request.headers[name] ?? "");
  const [, scope = "", signedNames = "", signature = ""] =
    /Credential=test-id\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]+)/.exec(header("authorization")) ?? [];
  const payload = header("x-amz-content-sha256");
  if (payload !== "UNSIGNED-PAYLOAD" && payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
  const query = [...url.searchParams]
    .map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`)
    .sort()
    .join("&");
  const headers = signedNames
    .split(";")
    .map((name) => `${name}:${header(name)}\n`)
    .join("");
  const canonical = [request.method, url.pathname, query, headers, signedNames, payload].join("\n");
  const toSign = ["AWS4-HMAC-SHA256", header("x-amz-date"), scope, sha256(canonical)].join("\n");
  const [date = "", place = "", service = ""] = scope.split("/");
  if (place !== region || service !== "s3") return "AuthorizationHeaderMalformed";
  const key = [date, place, service, "aws4_request"].reduce<Buffer | string>((last, word) => hmac(last, word), `AWS4${secret}`);
  return hmac(key, toSign).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
const hmac = (key: string | Buffer, content: string): Buffer => createHmac("sha256", key).update(content).digest();

describe("object storage", () => {
  const { server, objects } = objectStore();
  let client: ReturnType<typeof createHttpClient>;
  let store: BlobStore;
  let endpoint: string;
  const openWith = (secretAccessKey: string): BlobStore =>
    openS3Store({ client, endpoint, region, bucket: "bucket", accessKeyId: "test-id", secretAccessKey });

  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const { port } = server.address() as AddressInfo;
    endpoint = `http://127.0.0.1:${port}`;
    client = createHttpClient({ allowedHosts: [{ host: "127.0.0.1", port, isPrivate: true, isPlain: true }] });
    store = openWith(secret);
  });
  afterAll(async () => {
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
    const other = openWith("another-secret");
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
});
