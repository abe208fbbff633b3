/** Stores, describes, pages through and removes data sets. */

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
import { uploadOptionsOf } from "../../files/read/csv/csv-options.ts";
import { compressedTwice, type FileFormat, formatOfName, isGzip } from "../../files/read/format.ts";
import { deleteDataset, type DatasetRow, insertDataset, listDatasets } from "../../store/tables/datasets.ts";
import { newId } from "../../ids/ids.ts";
import { change, type Done } from "../core/change.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { requireExactQuota } from "../core/quota.ts";
import { removing } from "../core/removing.ts";
import { noDataset, requireDataset, rowLimitsOf, withDatasetFile } from "../rows/rows-source.ts";
import { withPlacedContent } from "../core/placed-content.ts";

export interface DatasetView {
  readonly id: string;
  readonly name: string;
  readonly file_format: string;
  readonly n_samples: number;
  readonly n_features: number;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly reading: Readonly<Record<string, string>>;
  readonly notes: readonly string[];
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly created_at: string;
}

export interface Upload {
  readonly name: string | undefined;
  /** The client's name of the file: it tells the format, and is never used as a path. */
  readonly fileName: string;
  /** Options of a text file, by name. */
  readonly reading?: Readonly<Record<string, string>>;
  readonly content: Readable;
}

const nameLengthMax = 200;
const gzipHeadBytes = 2;

/** Streams the file to a blob, and removes that when the file cannot be read or the quota is full. */
export async function uploadDataset(
  context: ServiceContext,
  call: Call,
  { name, fileName, reading = {}, content }: Upload,
): Promise<Done<DatasetView>> {
  // Unusable options are refused before the file is read.
  uploadOptionsOf(reading);
  const { format } = formatOfName(fileName);
  const plain = await unpacked(content, fileName);
  const blob = await writeBlob(context, call, plain);
  const shown = (name ?? basename(fileName.replaceAll("\\", "/"))).slice(0, nameLengthMax) || "data set";
  const told = withContent(call, `${shown}\n${blob.checksum}\n${JSON.stringify(reading)}`);
  return storeDataset(context, told, { name: shown, format: tsvAsCsv(format), reading, blob });
}

/** Makes the content a part of the request's hash, so that the same key with another file is another request. */
function withContent(call: Call, content: string): Call {
  if (call.idempotency === undefined) return call;
  const { key, requestHash } = call.idempotency;
  return { ...call, idempotency: { key, requestHash: createHash("sha256").update(`${requestHash}\n${content}`).digest("hex") } };
}

/** Reads the name of the data set from the fields of a body beside its rows. */
export type NameOfBody = (fields: BodyFields) => string;

/** Stores the rows of a request body, which a worker parses, as JSON with one object a line. */
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
    const blob = await writeBlob(context, call, createReadStream(path));
    return await storeDataset(context, call, { name, format: "ndjson", reading: {}, blob });
  } finally {
    await rm(path, { force: true });
  }
}

/** Stores parsed rows of a request as JSON with one object a line. */
export async function createDataset(
  context: ServiceContext,
  call: Call,
  given: { readonly name: string; readonly data: unknown; readonly columns?: readonly string[] },
): Promise<Done<DatasetView>> {
  const { data, columns } = given;
  const rows = rowsGiven(data, columns, rowLimitsOf(context.config), true);
  const blob = await writeBlob(context, call, Readable.from(rowLines(rows)));
  return storeDataset(context, call, { name: given.name, format: "ndjson", reading: {}, blob });
}

const writeBlob = ({ blobs, config }: ServiceContext, { signal }: Call, content: Readable) =>
  blobs.write("dataset", content, { sizeBytesMax: config.uploadBytes, signal });

interface NewContent {
  readonly name: string;
  readonly format: FileFormat | undefined;
  readonly reading: Readonly<Record<string, string>>;
  readonly blob: { readonly key: string; readonly sizeBytes: number; readonly checksum: string };
}

function storeDataset(
  context: ServiceContext,
  call: Call,
  { name, format, reading, blob }: NewContent,
): Promise<Done<DatasetView>> {
  const { key: blobKey, sizeBytes, checksum } = blob;
  return withPlacedContent(context, { blobKey }, async (commits) => {
    const opened = await context.blobs.open(blobKey, call.signal);
    const options = { ...uploadOptionsOf(reading), ...(format === undefined ? {} : { format }) };
    const file: FileGiven = { kind: "file", path: opened.path, name, sizeBytes, ...options };
    const found = await inspected(context, call, file, call.signal).finally(() => opened.release());
    return change<DatasetView>(context, call, {
      action: "dataset.create",
      subjectKind: "dataset",
      work: async (sql) => {
        await requireExactQuota(sql, sizeBytes, context.config);
        const row = await insertDataset(sql, {
          id: newId(),
          name,
          fileFormat: found.format === "tsv" ? "csv" : found.format,
          nSamples: found.rowCount,
          nFeatures: found.usableCount,
          sizeBytes,
          checksum,
          columns: found.columns,
          reading,
          notes: found.notes,
          blobKey,
        });
        commits();
        return { value: datasetView(row), subjectId: row.id };
      },
      status: 201,
    });
  });
}

/** Extends the request's time limit by the time that reading a file of this size may take. */
function inspected({ compute }: ServiceContext, call: Call, file: FileGiven, signal: AbortSignal): Promise<Inspected> {
  const allow = () => call.allowTime?.(fileTimeMs(file.sizeBytes ?? 0));
  allow();
  // Extended again when the work begins, as other requests before it may take long.
  return compute.inspect(file, { ...controlOf(call), signal, begun: allow });
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
      if (!(await deleteDataset(sql, id))) throw noDataset(id);
      return { value: null, subjectId: id };
    },
  });
}

export async function profileDataset(context: ServiceContext, call: Call, id: string): Promise<DatasetProfile> {
  const dataset = await requireDataset(context, id);
  // Here too, because this request may join the load of another.
  call.allowTime?.(fileTimeMs(dataset.sizeBytes));
  const { value } = await context.cache.get<DatasetProfile>(
    datasetProfileEntry(id),
    (signal) => withDatasetFile(context, dataset, signal, async (file) => (await inspected(context, call, file, signal)).profile),
    call.signal,
  );
  if (value === undefined) throw new Error("internal: loading a profile gave none");
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
    reading: row.reading,
    notes: row.notes,
    columns: row.columns,
    created_at: row.createdAt.toISOString(),
  };
}

/** Stores gzip data uncompressed, so that the size limit and the stored size are those of the content. */
async function unpacked(content: Readable, name: string): Promise<Readable> {
  const { head, chunks } = await peeked(content);
  return Readable.from(isGzip(head) ? gunzipped(Readable.from(chunks), name) : chunks);
}

async function* gunzipped(content: Readable, name: string): AsyncGenerator<Buffer> {
  const gunzip = createGunzip();
  // An error of either stream fails the reading below.
  pipeline(content, gunzip, () => undefined);
  try {
    const { head, chunks } = await peeked(gunzip);
    if (isGzip(head)) throw compressedTwice(name, "file");
    yield* chunks;
  } catch (cause) {
    if (!((cause as NodeJS.ErrnoException).code ?? "").startsWith("Z_")) throw cause;
    throw new NomalyError("FILE_FORMAT", "the gzip data is damaged or ends too early", { field: "file", cause });
  } finally {
    gunzip.destroy();
  }
}

/** The first bytes of a stream, and all its chunks with those. */
async function peeked(content: Readable): Promise<{ readonly head: Buffer; readonly chunks: AsyncGenerator<Buffer> }> {
  const rest = content[Symbol.asyncIterator]() as AsyncGenerator<Buffer>;
  let head = Buffer.alloc(0);
  while (head.length < gzipHeadBytes) {
    const next = await rest.next();
    if (next.done === true) break;
    head = Buffer.concat([head, next.value]);
  }
  return { head, chunks: chain(head, rest) };
}

async function* chain(head: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  yield* rest;
}

/** The reader finds the delimiter of a CSV file itself, so a TSV file is stored as CSV. */
function tsvAsCsv(format: FileFormat | undefined): FileFormat | undefined {
  return format === "tsv" ? "csv" : format;
}
