/** Finds the rows of a request: in the request itself, parsed or not, or in a stored data set. */

import { NomalyError } from "@nomaly/detect";
import type { BodyGiven, FileGiven } from "../../compute/work.ts";
import { type RowLimits, rowsGiven } from "../../compute/rows/parse-rows.ts";
import type { RowsGiven } from "../../compute/rows/rows-given.ts";
import { uploadOptionsOf } from "../../files/read/csv/csv-options.ts";
import type { Config } from "../../config/settings.ts";
import { datasetById, type DatasetRow } from "../../store/tables/datasets.ts";
import type { ServiceContext } from "../core/context.ts";

export interface RowsRequest {
  readonly dataset_id?: string;
  readonly data?: unknown;
  readonly columns?: readonly string[];
}

/** Rows as a file. */
export interface TableSource {
  readonly kind: "dataset";
  readonly dataset: DatasetRow;
}

export type RowsSource = TableSource | RowsGiven | BodyGiven;

export function rowLimitsOf({ requestRows, requestColumns }: Config): RowLimits {
  return { rowCountMax: requestRows, columnCountMax: requestColumns, valueCountMax: 1 << 25 };
}

/** @throws NomalyError REQUEST unless exactly one of `data` and `dataset_id` is given, NOT_FOUND, and the errors of invalid rows. */
export async function rowsSource(
  context: ServiceContext,
  { dataset_id: datasetId, data, columns }: RowsRequest,
): Promise<TableSource | RowsGiven> {
  if ((datasetId === undefined) === (data === undefined)) {
    throw new NomalyError("REQUEST", "give either data or dataset_id", {
      field: datasetId === undefined ? "data" : "dataset_id",
    });
  }
  if (datasetId === undefined) return rowsGiven(data, columns, rowLimitsOf(context.config));
  if (columns !== undefined) {
    throw new NomalyError("REQUEST", "columns are names for the arrays in data; a data set has its own", { field: "columns" });
  }
  return { kind: "dataset", dataset: await requireDataset(context, datasetId) };
}

/** @throws NomalyError NOT_FOUND. */
export async function requireDataset({ database }: ServiceContext, id: string): Promise<DatasetRow> {
  // A replica may lack a data set that another process has just stored, so the primary is asked too.
  const dataset = (await datasetById(database.read, id)) ?? (await datasetById(database, id));
  if (dataset === undefined) throw noDataset(id);
  return dataset;
}

export function noDataset(id: string): NomalyError {
  return new NomalyError("NOT_FOUND", `there is no data set ${id}`, { field: "dataset_id", received: id });
}

/** Calls `work` with the data set as a local file, which is released afterwards. */
export async function withDatasetFile<Value>(
  context: ServiceContext,
  dataset: DatasetRow,
  signal: AbortSignal,
  work: (file: FileGiven) => Promise<Value>,
): Promise<Value> {
  const opened = await context.blobs.open(dataset.blobKey, signal);
  try {
    return await work({
      kind: "file",
      ...uploadOptionsOf(dataset.reading),
      path: opened.path,
      name: dataset.name,
      format: dataset.fileFormat,
      rowCount: dataset.nSamples,
      sizeBytes: dataset.sizeBytes,
    });
  } finally {
    await opened.release();
  }
}
