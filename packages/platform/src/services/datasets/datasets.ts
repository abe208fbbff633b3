/** Storing, describing and removing data sets. */

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { rm } from "node:fs/promises";
import { basename } from "node:path";
import { pipeline, Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { NomalyError } from "@nomaly/detect";
import { datasetProfileEntry } from "../../cache/keys.ts";
import { fileTimeMs } from "../../compute/compute.ts";
import { rowLines } from "../../compute/rows/row-lines.ts";
import { rowsGiven } from "../../compute/rows/parse-rows.ts";
import type { BodyFields, BodyGiven, DatasetProfile, FileGiven, FilePage, Inspected, PageOfFile } from "../../compute/work.ts";
import { compressedTwice, type FileFormat, formatOfName, isGzip } from "../../files/read/format.ts";
import { deleteDataset, type DatasetRow, insertDataset, listDatasets, totalBytes } from "../../store/tables/datasets.ts";
import { newId } from "../../ids/ids.ts";
import { change, type Done } from "../core/change.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { removing } from "../core/removing.ts";
import { requireDataset, rowLimitsOf, withDatasetFile } from "../rows/rows-source.ts";
import { withPlacedContent } from "../core/placed-content.ts";

export interface DatasetView {
  readonly id: string;
  readonly name: string;
  readonly file_format: string;
  readonly n_samples: number;
  readonly n_features: number;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly created_at: string;
}

export interface Upload {
  readonly name: string | undefined;
  /** As the client calls it: tells the format, and is never used as a path. */
  readonly fileName: string;
  readonly content: Readable;
}

const nameLengthMax = 200;
const gzipHeadBytes = 2;

/** Streams to disk; nothing of it stays when the file cannot be read or the quota is full. */
export async function uploadDataset(
  context: ServiceContext,
  call: Call,
  { name, fileName, content }: Upload,
): Promise<Done<DatasetView>> {
  const { format } = formatOfName(fileName);
  const plain = await unpacked(content, fileName);
  const limits = { sizeBytesMax: context.config.uploadBytes, signal: call.signal };
  const blob = await context.blobs.write("dataset", plain, limits);
  const shown = (name ?? basename(fileName.replaceAll("\\", "/"))).slice(0, nameLengthMax) || "data set";
  return storeDataset(context, withContent(call, `${shown}\n${blob.checksum}`), { name: shown, format: tsvAsCsv(format), blob });
}

/** The same key with another file is another request. */
function withContent(call: Call, content: string): Call {
  if (call.idempotency === undefined) return call;
  const { key, requestHash } = call.idempotency;
  return { ...call, idempotency: { key, requestHash: createHash("sha256").update(`${requestHash}\n${content}`).digest("hex") } };
}

/** What a body holds beside its rows. */
export type NameOfBody = (fields: BodyFields) => string;

/** Rows in a body that nobody has read yet: a worker reads them. They are kept as JSON, one object a line. */
export async function createDatasetFromBody(
  context: ServiceContext,
  call: Call,
  { body, nameOf }: { readonly body: BodyGiven; readonly nameOf: NameOfBody },
): Promise<Done<DatasetView>> {
  let name = "";
  const plan = async (fields: BodyFields) => {
    name = nameOf(fields);
    return {};
  };
  const { path } = await context.compute.writeRows({ body, plan }, controlOf(call));
  try {
    const limits = { sizeBytesMax: context.config.uploadBytes, signal: call.signal };
    const blob = await context.blobs.write("dataset", createReadStream(path), limits);
    return await storeDataset(context, call, { name, format: "ndjson", blob });
  } finally {
    await rm(path, { force: true });
  }
}

/** Rows in the request itself. They are kept as JSON, one object a line. */
export async function createDataset(
  context: ServiceContext,
  call: Call,
  given: { readonly name: string; readonly data: unknown; readonly columns?: readonly string[] },
): Promise<Done<DatasetView>> {
  const { data, columns } = given;
  const rows = rowsGiven(data, columns, rowLimitsOf(context.config), true);
  const limits = { sizeBytesMax: context.config.uploadBytes, signal: call.signal };
  const blob = await context.blobs.write("dataset", Readable.from(rowLines(rows)), limits);
  return storeDataset(context, call, { name: given.name, format: "ndjson", blob });
}

interface NewContent {
  readonly name: string;
  readonly format: FileFormat | undefined;
  readonly blob: { readonly key: string; readonly sizeBytes: number; readonly checksum: string };
}

function storeDataset(context: ServiceContext, call: Call, { name, format, blob }: NewContent): Promise<Done<DatasetView>> {
  const { key: blobKey, sizeBytes, checksum } = blob;
  return withPlacedContent(context, { blobKey }, async (commits) => {
    const opened = await context.blobs.open(blobKey, call.signal);
    const file: FileGiven = { kind: "file", path: opened.path, name, sizeBytes, ...(format === undefined ? {} : { format }) };
    const found = await inspected(context, call, file, call.signal).finally(() => opened.release());
    return change<DatasetView>(context, call, {
      action: "dataset.create",
      subjectKind: "dataset",
      work: async (sql) => {
        requireQuota(await totalBytes(sql), sizeBytes, context.config.quotaBytes);
        const row = await insertDataset(sql, {
          id: newId(),
          name,
          fileFormat: found.format === "tsv" ? "csv" : found.format,
          nSamples: found.rowCount,
          nFeatures: found.usableCount,
          sizeBytes,
          checksum,
          columns: found.columns,
          blobKey,
        });
        commits();
        return { value: datasetView(row), subjectId: row.id };
      },
      status: 201,
    });
  });
}

/** What has arrived is worth waiting for: the time that a request may take does not go by here. */
function inspected({ compute }: ServiceContext, call: Call, file: FileGiven, signal: AbortSignal): Promise<Inspected> {
  const allow = () => call.allowTime?.(fileTimeMs(file.sizeBytes ?? 0));
  allow();
  // Those before it may take long: its time begins with it.
  return compute.inspect(file, { ...controlOf(call), signal, begun: allow });
}

function requireQuota(usedBytes: number, addedBytes: number, quotaBytes: number): void {
  if (usedBytes + addedBytes <= quotaBytes) return;
  const message = `the data sets take ${usedBytes} bytes; with ${addedBytes} more they would pass the quota of ${quotaBytes}`;
  throw new NomalyError("QUOTA", message, {
    field: "quota_bytes",
    expected: `at most ${quotaBytes}`,
    received: String(usedBytes + addedBytes),
  });
}

export async function getDataset(context: ServiceContext, id: string): Promise<DatasetView> {
  return datasetView(await requireDataset(context, id));
}

export function findDatasets(context: ServiceContext, query: PageQuery): Promise<Page<DatasetView>> {
  return pageFrom(query, async (page) => {
    const rows = await listDatasets(context.database.read, page);
    return rows.map((row) => ({ view: datasetView(row), key: row }));
  });
}

export async function removeDataset(context: ServiceContext, call: Call, id: string): Promise<void> {
  await removing(context, call, {
    action: "dataset.delete",
    subjectKind: "dataset",
    work: async (sql) => {
      if (!(await deleteDataset(sql, id))) {
        throw new NomalyError("NOT_FOUND", `there is no data set ${id}`, { field: "dataset_id", received: id });
      }
      return { value: null, subjectId: id };
    },
  });
}

export async function profileDataset(context: ServiceContext, call: Call, id: string): Promise<DatasetProfile> {
  const dataset = await requireDataset(context, id);
  // Also when another request has begun the same.
  call.allowTime?.(fileTimeMs(dataset.sizeBytes));
  const { value } = await context.cache.get<DatasetProfile>(
    datasetProfileEntry(id),
    (signal) => withDatasetFile(context, dataset, signal, async (file) => (await inspected(context, call, file, signal)).profile),
    call.signal,
  );
  if (value === undefined) throw new Error("internal: a profile was made and is not there");
  return value;
}

/** Rows as a JSON array, as many as were asked for or as fit into an answer. */
export async function datasetRows(
  context: ServiceContext,
  call: Call,
  id: string,
  page: PageOfFile,
): Promise<FilePage & { readonly n_samples: number }> {
  const dataset = await requireDataset(context, id);
  const read = await withDatasetFile(context, dataset, call.signal, (file) =>
    context.compute.readPage(file, page, controlOf(call)),
  );
  return { ...read, n_samples: dataset.nSamples };
}

export function datasetView(row: DatasetRow): DatasetView {
  return {
    id: row.id,
    name: row.name,
    file_format: row.fileFormat,
    n_samples: row.nSamples,
    n_features: row.nFeatures,
    size_bytes: row.sizeBytes,
    checksum: row.checksum,
    columns: row.columns,
    created_at: row.createdAt.toISOString(),
  };
}

/** What is compressed is stored as what it is: its size is known and limited from here on. */
async function unpacked(content: Readable, name: string): Promise<Readable> {
  const head = await firstBytes(content, gzipHeadBytes);
  const whole = Readable.from(chain(head, content));
  return isGzip(head) ? Readable.from(gunzipped(whole, name)) : whole;
}

async function* gunzipped(content: Readable, name: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // An error of either ends the reading below with it.
  pipeline(content, gunzip, () => undefined);
  try {
    const head = await firstBytes(gunzip, gzipHeadBytes);
    if (isGzip(head)) throw compressedTwice(name, "file");
    yield* chain(head, gunzip);
  } catch (cause) {
    if (!((cause as NodeJS.ErrnoException).code ?? "").startsWith("Z_")) throw cause;
    throw new NomalyError("FILE_FORMAT", "the gzip data is damaged or ends too early", { field: "file", cause });
  } finally {
    gunzip.destroy();
  }
}

async function firstBytes(content: Readable, count: number): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  while (length < count) {
    const chunk = (content.read() ?? (await nextChunk(content))) as Buffer | undefined;
    if (chunk === undefined) break;
    chunks.push(chunk);
    length += chunk.length;
  }
  return Buffer.concat(chunks);
}

function nextChunk(content: Readable): Promise<Buffer | undefined> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      content.off("readable", onReadable).off("end", onEnd).off("error", onError);
      act();
    };
    const onReadable = () => {
      const chunk = content.read() as Buffer | null;
      if (chunk !== null) settle(() => resolve(chunk));
    };
    const onEnd = () => settle(() => resolve(undefined));
    const onError = (error: Error) => settle(() => reject(error));
    if (content.readableEnded) return resolve(undefined);
    content.on("readable", onReadable).on("end", onEnd).on("error", onError);
  });
}

async function* chain(head: Buffer, rest: Readable): AsyncGenerator<Buffer> {
  yield head;
  for await (const chunk of rest) yield chunk as Buffer;
}

/** A tab is found by looking, like any other delimiter. */
function tsvAsCsv(format: FileFormat | undefined): FileFormat | undefined {
  return format === "tsv" ? "csv" : format;
}
