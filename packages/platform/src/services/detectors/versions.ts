/** Model versions of a detector as the API shows them. */

import { NomalyError, snakeCase } from "@nomaly/detect";
import { listVersions, type ModelOrigin, type ModelVersionRow } from "../../store/tables/model-versions.ts";
import type { ServiceContext } from "../core/context.ts";
import { getDetector } from "./detectors.ts";
import { badCursor, type Page, type PageQuery } from "../core/pages.ts";

export { modelOrigins } from "../../store/tables/model-versions.ts";

export interface VersionView {
  readonly id: string;
  readonly model_version: number;
  /** True for the version that scores. */
  readonly is_live: boolean;
  readonly origin: ModelOrigin;
  /** The version that it was made from. */
  readonly based_on: number | null;
  readonly dataset_id: string | null;
  readonly job_id: string | null;
  readonly size_bytes: number;
  readonly checksum: string;
  readonly training_summary: Readonly<Record<string, unknown>>;
  readonly created_at: string;
}

const defaultLimit = 100;
const cursorPattern = /^[1-9][0-9]{0,8}$/;

/** Newest first. @throws NomalyError NOT_FOUND. */
export async function findVersions(
  context: ServiceContext,
  detectorId: string,
  { limit = defaultLimit, cursor }: PageQuery,
): Promise<Page<VersionView>> {
  if (cursor !== undefined && !cursorPattern.test(cursor)) throw badCursor(cursor);
  const { model_version: live } = await getDetector(context, detectorId);
  const before = cursor === undefined ? {} : { before: Number(cursor) };
  const rows = await listVersions(context.database.read, detectorId, { limit: limit + 1, ...before });
  const items = rows.slice(0, limit).map((row) => versionView(row, live));
  return { items, next_cursor: rows.length > limit ? String(items.at(-1)?.model_version) : null };
}

export function versionView(row: ModelVersionRow, live: number | null): VersionView {
  return {
    id: row.id,
    model_version: row.version,
    is_live: row.version === live,
    origin: row.origin,
    based_on: row.basedOn,
    dataset_id: row.datasetId,
    job_id: row.jobId,
    size_bytes: row.sizeBytes,
    checksum: row.checksum,
    training_summary: inSnakeCase(row.trainingSummary) as VersionView["training_summary"],
    created_at: row.createdAt.toISOString(),
  };
}

/** Converts the names of all members, at any depth, to snake case. */
function inSnakeCase(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(inSnakeCase);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [snakeCase(name), inSnakeCase(member)]));
}

export function noVersion(detectorId: string, version: number): NomalyError {
  const message = `detector ${detectorId} has no version ${version}`;
  return new NomalyError("NOT_FOUND", message, { field: "version", received: String(version) });
}
