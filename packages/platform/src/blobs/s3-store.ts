/** Blobs in object storage (the S3 protocol), so that servers and workers on several machines need no folder in common. */

import { createHash } from "node:crypto";
import { createReadStream, createWriteStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { NomalyError } from "@nomaly/detect";
import { AwsV4Signer } from "aws4fetch";
import type { HttpClient, HttpRequest } from "../http-client/http-client.ts";
import { newId } from "../ids/ids.ts";
import { type BlobStore, keyPattern, requireOwn } from "./blob-store.ts";
import { spoolMeasured, writeError } from "./spool-measured.ts";

export interface S3Options {
  readonly client: HttpClient;
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A large upload may take longer than other calls: so many bytes a second at least. */
const bytesPerSecondMin = 1_000_000;
const callMsMin = 60_000;
const listPage = 1000;

export function openS3Store(options: S3Options): BlobStore {
  const { client, endpoint, region, bucket, accessKeyId, secretAccessKey } = options;
  const base = `${endpoint.replace(/\/$/, "")}/${bucket}`;

  /** `sha256` of the body in hexadecimal: the store refuses what does not arrive as it was. */
  async function signed(request: HttpRequest, sha256 = "UNSIGNED-PAYLOAD"): Promise<HttpRequest> {
    const { method = "GET", url, headers = {} } = request;
    const signer = new AwsV4Signer({
      method,
      url,
      headers: { ...headers, "x-amz-content-sha256": sha256 },
      accessKeyId,
      secretAccessKey,
      region,
      service: "s3",
    });
    const { headers: all } = await signer.sign();
    return { ...request, headers: { ...headers, ...Object.fromEntries(all) } };
  }

  function urlOf(key: string): string {
    if (!keyPattern.test(key)) throw new NomalyError("STORAGE", "a stored reference is damaged", { field: "blob_key" });
    return `${base}/${key}`;
  }

  const write: BlobStore["write"] = async (kind, content, { sizeBytesMax, signal }) => {
    // The store wants size and checksum before the first byte: so the bytes lie here for a moment.
    const folder = await mkdtemp(join(tmpdir(), "nomaly-blob-"));
    try {
      const path = join(folder, "content");
      const measured = await spoolMeasured(path, content, sizeBytesMax, signal).catch((error: unknown) =>
        Promise.reject(writeError(error, signal)),
      );
      const key = `${kind}/${newId()}`;
      const request: HttpRequest = {
        method: "PUT",
        url: urlOf(key),
        headers: { "content-length": String(measured.sizeBytes) },
        body: () => createReadStream(path),
        totalTimeoutMs: timeFor(measured.sizeBytes),
        ...(signal === undefined ? {} : { signal }),
      };
      const { status, body } = await client.request(await signed(request, measured.checksum));
      if (status !== 200) throw refused("store", key, status, body);
      return { key, ...measured };
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  };

  async function fetchBody(key: string, signal: AbortSignal | undefined): Promise<Readable> {
    const request: HttpRequest = {
      url: urlOf(key),
      responseBytesMax: Number.MAX_SAFE_INTEGER,
      totalTimeoutMs: timeFor(Number.POSITIVE_INFINITY),
    };
    const { status, body } = await client.stream(await signed(signal === undefined ? request : { ...request, signal }));
    if (status === 200) return body;
    body.destroy();
    throw refused("read", key, status);
  }

  const open: BlobStore["open"] = async (key, signal) => {
    const folder = await mkdtemp(join(tmpdir(), "nomaly-blob-"));
    const release = () => rm(folder, { recursive: true, force: true });
    try {
      const path = join(folder, "content");
      await pipeline(await fetchBody(key, signal), createWriteStream(path));
      return { path, release };
    } catch (error) {
      await release();
      throw writeError(error, signal);
    }
  };

  const read: BlobStore["read"] = async (key, signal) => {
    const chunks: Buffer[] = [];
    for await (const chunk of await fetchBody(key, signal)) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks);
  };

  async function remove(key: string): Promise<void> {
    const { status, body } = await client.request(await signed({ method: "DELETE", url: urlOf(key), isRepeatable: true }));
    if (status !== 204 && status !== 200 && status !== 404) throw refused("remove", key, status, body);
  }

  async function* keysBefore(time: number): AsyncIterable<string> {
    let after = "";
    for (;;) {
      const query = `list-type=2&max-keys=${listPage}${after === "" ? "" : `&start-after=${encodeURIComponent(after)}`}`;
      const { status, body } = await client.request(await signed({ url: `${base}?${query}` }));
      if (status !== 200) throw refused("list", bucket, status, body);
      const objects = listed(Buffer.from(body).toString("utf8"));
      for (const { key, modifiedAt } of objects) if (keyPattern.test(key) && modifiedAt < time) yield key;
      if (objects.length < listPage) return;
      after = objects.at(-1)?.key ?? "";
    }
  }

  async function check(): Promise<{ freeBytes: undefined }> {
    const { status, body } = await client.request(await signed({ url: `${base}?list-type=2&max-keys=1` }));
    if (status !== 200) throw refused("list", bucket, status, body);
    return { freeBytes: undefined };
  }

  async function claim(installationId: string): Promise<void> {
    const url = `${base}/installation`;
    const found = await client.request(await signed({ url }));
    if (found.status === 404) {
      const bytes = Buffer.from(installationId);
      const { status, body } = await client.request(
        await signed({ method: "PUT", url, body: bytes }, createHash("sha256").update(bytes).digest("hex")),
      );
      if (status !== 200) throw refused("store", "installation", status, body);
      return;
    }
    if (found.status !== 200) throw refused("read", "installation", found.status, found.body);
    requireOwn(Buffer.from(found.body).toString("utf8"), installationId, `bucket ${bucket}`);
  }

  // A reader has a copy: it stays when the blob is removed.
  return { write, open, read, keepsOpened: true, remove, keysBefore, check, claim };
}

function timeFor(sizeBytes: number): number {
  const hourMs = 3_600_000;
  return Math.min(hourMs, callMsMin + (sizeBytes / bytesPerSecondMin) * 1000);
}

/** Our keys have no letter that XML would write in another way. */
function listed(xml: string): { readonly key: string; readonly modifiedAt: number }[] {
  const contents = xml.matchAll(/<Contents>.*?<Key>([^<]*)<\/Key>.*?<LastModified>([^<]*)<\/LastModified>.*?<\/Contents>/gs);
  return [...contents].map(([, key, modified]) => ({ key, modifiedAt: Date.parse(modified) }));
}

function refused(what: string, key: string, status: number, body?: Uint8Array): NomalyError {
  const reason = body === undefined ? undefined : /<Code>([^<]{1,80})<\/Code>/.exec(Buffer.from(body).toString("utf8"))?.[1];
  const why = reason === undefined ? "" : ` (${reason})`;
  const message =
    status === 404 ? `the stored bytes ${key} are missing` : `object storage did not ${what} ${key}: status ${status}${why}`;
  return new NomalyError("STORAGE", message, { field: "blob_key", received: String(status) });
}
