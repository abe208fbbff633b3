/** An object store in memory that speaks the S3 protocol and checks signatures ("Authenticating Requests: AWS Signature Version 4"). */

import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server } from "node:http";
import { Readable } from "node:stream";

export interface StoreKeys {
  readonly id: string;
  readonly secret: string;
  readonly token?: string;
}

interface Answer {
  readonly status: number;
  readonly body?: string | Buffer | Readable;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface ObjectStore {
  readonly server: Server;
  readonly objects: Map<string, { bytes: Buffer; modified: Date }>;
  /** By their id; parts by their number. */
  readonly uploads: Map<string, { readonly key: string; readonly initiated: Date; readonly parts: Map<number, Buffer> }>;
  /** Method, query and size of each request that was signed rightly. */
  readonly seen: string[];
  /** Accepted keys. */
  keys: StoreKeys;
  /** An answer instead of the store's own. */
  instead: ((seen: string) => Answer | undefined | Promise<undefined>) | undefined;
}

export const storeRegion = "eu-test-1";
/** Every part but the last must have 5 MiB ("Amazon S3 multipart upload limits"). */
const partBytesMin = 5 * 1024 ** 2;

export function objectStore(keys: StoreKeys): ObjectStore {
  const server = createServer((request, response) => {
    const answer = async () => {
      const { status, body, headers = {} } = await answerTo(store, request, await received(request));
      response.writeHead(status, headers);
      if (body instanceof Readable) body.pipe(response);
      else response.end(body);
    };
    void answer();
  });
  const store: ObjectStore = { server, objects: new Map(), uploads: new Map(), seen: [], keys, instead: undefined };
  return store;
}

async function answerTo(store: ObjectStore, request: IncomingMessage, bytes: Buffer): Promise<Answer> {
  const url = new URL(request.url ?? "", "http://host");
  const fault = signatureFault(request, url, { body: bytes, keys: store.keys });
  if (fault !== undefined) return { status: 403, body: `<Error><Code>${fault}</Code></Error>` };
  const names = ["partNumber", "uploads", "uploadId", "list-type"].filter((name) => url.searchParams.has(name));
  const seen = [request.method, ...names, bytes.length].join(" ");
  store.seen.push(seen);
  const instead = await store.instead?.(seen);
  if (instead !== undefined) return instead;
  const key = decodeURIComponent(url.pathname.replace(/^\/bucket\/?/, ""));
  if (url.searchParams.has("uploads") || url.searchParams.has("uploadId"))
    return answerOfUpload(store, key, { request, url, bytes });
  return answerOfObject(store, key, { request, url, bytes });
}

interface Received {
  readonly request: IncomingMessage;
  readonly url: URL;
  readonly bytes: Buffer;
}

function answerOfObject({ objects }: ObjectStore, key: string, { request, url, bytes }: Received): Answer {
  if (request.method === "PUT") {
    objects.set(key, { bytes, modified: new Date() });
    return { status: 200 };
  }
  if (request.method === "DELETE") return { status: objects.delete(key) ? 204 : 404 };
  if (url.searchParams.has("list-type")) return { status: 200, body: listing(objects, url.searchParams) };
  const found = objects.get(key);
  return found === undefined
    ? { status: 404 }
    : { status: 200, body: found.bytes, headers: { "content-length": String(found.bytes.length) } };
}

function answerOfUpload({ objects, uploads }: ObjectStore, key: string, { request, url, bytes }: Received): Answer {
  if (url.searchParams.has("uploads") && request.method === "GET") return { status: 200, body: listingOfUploads(uploads, url) };
  if (url.searchParams.has("uploads")) {
    const id = `upload+/=${uploads.size}`;
    uploads.set(id, { key, initiated: new Date(), parts: new Map() });
    return { status: 200, body: `<InitiateMultipartUploadResult><UploadId>${id}</UploadId></InitiateMultipartUploadResult>` };
  }
  const id = url.searchParams.get("uploadId") ?? "";
  const parts = uploads.get(id)?.parts;
  if (parts === undefined) return { status: 404, body: "<Error><Code>NoSuchUpload</Code></Error>" };
  if (request.method === "PUT") {
    parts.set(Number(url.searchParams.get("partNumber")), bytes);
    return { status: 200, headers: { etag: etagOf(bytes) } };
  }
  uploads.delete(id);
  if (request.method === "DELETE") return { status: 204 };
  const named = [...bytes.toString().matchAll(/<Part>(.*?)<\/Part>/gs)].map(([, part]) => ({
    number: Number(/<PartNumber>(\d+)</.exec(part)?.[1]),
    etag: /<ETag>(.*?)</.exec(part)?.[1].replaceAll("&quot;", '"'),
  }));
  const pieces = named.map(({ number }) => parts.get(number) ?? Buffer.alloc(0));
  if (named.some(({ etag }, index) => etag !== etagOf(pieces[index]))) return refusal("InvalidPart");
  if (named.some(({ number }, index) => number !== index + 1)) return refusal("InvalidPartOrder");
  if (pieces.slice(0, -1).some((piece) => piece.length < partBytesMin)) return refusal("EntityTooSmall");
  objects.set(key, { bytes: Buffer.concat(pieces), modified: new Date() });
  return { status: 200, body: "<CompleteMultipartUploadResult/>" };
}

const refusal = (code: string): Answer => ({ status: 400, body: `<Error><Code>${code}</Code></Error>` });
const etagOf = (bytes: Buffer): string => `"${createHash("md5").update(bytes).digest("hex")}"`;

/** Two a page. */
function listingOfUploads(uploads: ObjectStore["uploads"], { searchParams }: URL): string {
  const all = [...uploads].sort(([, a], [, b]) => (a.key < b.key ? -1 : 1));
  const rest = all.filter(([, { key }]) => key > (searchParams.get("key-marker") ?? ""));
  const listed = rest
    .slice(0, 2)
    .map(
      ([id, { key, initiated }]) =>
        `<Upload><Key>${key}</Key><UploadId>${id}</UploadId><Initiated>${initiated.toISOString()}</Initiated></Upload>`,
    );
  const next = rest.length > 2 ? `<NextKeyMarker>${rest[1]?.[1].key}</NextKeyMarker>` : "";
  return `<ListMultipartUploadsResult><IsTruncated>${rest.length > 2}</IsTruncated>${next}${listed.join("")}</ListMultipartUploadsResult>`;
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

function signatureFault(
  request: IncomingMessage,
  url: URL,
  { body, keys }: { readonly body: Buffer; readonly keys: StoreKeys },
): string | undefined {
  const header = (name: string) => String(request.headers[name] ?? "");
  const [, id, scope = "", signedNames = "", signature = ""] =
    /Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=([0-9a-f]+)/.exec(header("authorization")) ?? [];
  if (id !== keys.id) return "InvalidAccessKeyId";
  if (header("x-amz-security-token") !== (keys.token ?? "")) return "InvalidToken";
  if (keys.token !== undefined && !signedNames.split(";").includes("x-amz-security-token")) return "InvalidToken";
  const payload = header("x-amz-content-sha256");
  // An upload must be signed with its checksum.
  if (payload === "UNSIGNED-PAYLOAD" ? request.method === "PUT" : payload !== sha256(body)) return "XAmzContentSHA256Mismatch";
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
  if (place !== storeRegion || service !== "s3") return "AuthorizationHeaderMalformed";
  const key = [date, place, service, "aws4_request"].reduce<Buffer | string>(
    (last, word) => hmac(last, word),
    `AWS4${keys.secret}`,
  );
  return hmac(key, toSign).toString("hex") === signature ? undefined : "SignatureDoesNotMatch";
}

const sha256 = (content: string | Buffer): string => createHash("sha256").update(content).digest("hex");
const hmac = (key: string | Buffer, content: string): Buffer => createHmac("sha256", key).update(content).digest();
