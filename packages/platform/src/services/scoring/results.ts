/** Lists, opens and removes stored results. */

import { createReadStream } from "node:fs";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import type { ResultFormat } from "../../compute/work.ts";
import type { RowSelection } from "../../files/write/row-sink.ts";
import { deleteResult, listResults, resultById, resultBytes, type ResultRow } from "../../store/tables/results.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { type Page, pageFrom, type PageQuery } from "../core/pages.ts";
import { removing } from "../core/removing.ts";
import { growingFile } from "./growing-file.ts";

export interface ResultView {
  readonly id: string;
  readonly detector_id: string;
  readonly dataset_id: string | null;
  readonly model_version: number;
  readonly job_id: string | null;
  readonly summary: Readonly<Record<string, unknown>>;
  readonly size_bytes: number;
  readonly created_at: string;
}

export interface ResultQuery extends PageQuery {
  readonly detector_id?: string;
  readonly dataset_id?: string;
  readonly from?: string;
  readonly to?: string;
}

export function findResults(context: ServiceContext, query: ResultQuery): Promise<Page<ResultView>> {
  const { detector_id: detectorId, dataset_id: datasetId } = query;
  const from = query.from === undefined ? undefined : new Date(query.from);
  const to = query.to === undefined ? undefined : new Date(query.to);
  return pageFrom(query, async (page) => {
    const rows = await listResults(context.database.read, { ...page, detectorId, datasetId, from, to });
    return rows.map((row) => ({ view: resultView(row), key: row }));
  });
}

export async function getResult(context: ServiceContext, id: string): Promise<ResultView> {
  return resultView(await requireResult(context, id));
}

export interface FileForm {
  readonly format: ResultFormat;
  readonly isSpreadsheetSafe?: boolean;
  readonly hasDecimalCommas?: boolean;
  /** Default: all rows, in their order. */
  readonly selection?: RowSelection | undefined;
}

/** The scored rows as a file. The caller calls `release` when it has sent the file, or needs it no longer. */
export interface OpenedResult {
  /** Fails when the rows cannot be read to their end. */
  readonly bytes: Readable;
  /** Undefined while the file is still being written. */
  readonly sizeBytes: number | undefined;
  release(): Promise<void>;
}

/** @throws NomalyError NOT_FOUND, STORAGE. */
export async function openResult(context: ServiceContext, call: Call, id: string, form: FileForm): Promise<OpenedResult> {
  const { blobKey } = await requireResult(context, id);
  const folder = await mkdtemp(join(tmpdir(), "nomaly-result-"));
  const releases = [() => rm(folder, { recursive: true, force: true })];
  const release = async () => {
    for (const one of releases.splice(0).toReversed()) await one();
  };
  try {
    let from = join(folder, "stored.parquet");
    if (blobKey === null) {
      const bytes = await resultBytes(context.database, id);
      if (bytes === undefined) throw noResult(id);
      await writeFile(from, bytes);
    } else {
      const opened = await context.blobs.open(blobKey, call.signal);
      releases.push(() => opened.release());
      from = opened.path;
    }
    const { format, selection } = form;
    // As it is stored.
    if (format === "parquet" && selection === undefined)
      return { bytes: createReadStream(from), sizeBytes: (await stat(from)).size, release };
    const ending = new AbortController();
    const control = { ...controlOf(call), signal: AbortSignal.any([call.signal, ending.signal]) };
    const path = join(folder, `result.${format}`);
    const written = context.compute.convert({ fromPath: from, toPath: path, ...form }, control);
    releases.push(async () => {
      ending.abort();
      await written.catch(() => undefined);
    });
    // The rows go out while later ones are still being written: to the disk, so that a slow client keeps no worker busy.
    const onBytes = () => call.allowTime?.(context.config.requestTimeoutS * 1000);
    return { ...(await growingFile(path, written, onBytes)), release };
  } catch (error) {
    await release();
    throw error;
  }
}

export async function removeResult(context: ServiceContext, call: Call, id: string): Promise<void> {
  await removing(context, call, {
    action: "result.delete",
    subjectKind: "result",
    work: async (sql) => {
      if (!(await deleteResult(sql, id))) throw noResult(id);
      return { value: null, subjectId: id };
    },
  });
}

async function requireResult({ database }: ServiceContext, id: string): Promise<ResultRow> {
  // A replica may lack a result that another process has just stored, so the primary is asked too.
  const row = (await resultById(database.read, id)) ?? (await resultById(database, id));
  if (row === undefined) throw noResult(id);
  return row;
}

function noResult(id: string): NomalyError {
  return new NomalyError("NOT_FOUND", `there is no result ${id}`, { field: "id", received: id });
}

function resultView(row: ResultRow): ResultView {
  return {
    id: row.id,
    detector_id: row.detectorId,
    dataset_id: row.datasetId,
    model_version: row.modelVersion,
    job_id: row.jobId,
    summary: row.summary,
    size_bytes: row.sizeBytes,
    created_at: row.createdAt.toISOString(),
  };
}
