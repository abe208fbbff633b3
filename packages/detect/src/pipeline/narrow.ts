/** Keeps a pipeline within the number of columns that a detector takes. */

import { type MessagePart, NomalyError } from "../errors.ts";
import { encodedWidth, hasPresenceColumn, type Pipeline, type PipelineColumn, pipelineWidth } from "./pipeline.ts";

/** Columns that the message lists. */
const listedColumnCount = 12;

/**
 * The pipeline as it is where it makes no more than `columnMaximum` columns; else without those columns that hold one value only,
 * which tell a detector nothing.
 * @param owner the detector's id.
 * @throws NomalyError COLUMN when there are still too many, naming them.
 */
export function narrowPipeline(pipeline: Pipeline, owner: string, columnMaximum: number | null): Pipeline {
  if (columnMaximum === null || pipelineWidth(pipeline) <= columnMaximum) return pipeline;
  const constant = pipeline.columns.filter(isConstant);
  const reason = `it holds one value only, and ${owner} takes ${countText(columnMaximum)}`;
  const narrowed: Pipeline = {
    ...pipeline,
    columns: pipeline.columns.filter((column) => !constant.includes(column)),
    skipped: [...pipeline.skipped, ...constant.map(({ name }) => ({ name, reason }))],
  };
  if (pipelineWidth(narrowed) > columnMaximum) throw tooWide(narrowed, owner, columnMaximum);
  return narrowed;
}

/** Missing values tell rows apart, too, but not to the detectors that this is for: they get one number a row. */
function isConstant({ profile, encoding }: PipelineColumn): boolean {
  if (profile.missingCount > 0 || encodedWidth(encoding) > 1) return false;
  return profile.kind === "number" ? profile.min === profile.max : profile.distinctCount <= 1;
}

function tooWide(pipeline: Pipeline, owner: string, columnMaximum: number): NomalyError {
  const { columns } = pipeline;
  const width = pipelineWidth(pipeline);
  const listed = columns.slice(0, listedColumnCount).map(({ name }) => `"${name}"`);
  const more = columns.length > listedColumnCount ? ` and ${columns.length - listedColumnCount} more` : "";
  const telling = tellsMissing(pipeline) ? ", and what tells of missing values" : "";
  const remedy: MessagePart = tellsMissing(pipeline)
    ? { kind: "option", name: "missing", values: ["median"] }
    : { kind: "option", name: "columns", values: [columns[0].name] };
  const message = [
    `${owner} takes ${countText(columnMaximum)}, these rows make ${width} (from ${listed.join(", ")}${more}${telling}); choose, for instance, `,
    remedy,
  ];
  const details = { field: "columns", expected: `at most ${columnMaximum}`, received: String(width) };
  return new NomalyError("COLUMN", message, details);
}

function tellsMissing(pipeline: Pipeline): boolean {
  const { columns } = pipeline;
  return hasPresenceColumn(pipeline) || columns.some(({ encoding }) => encoding.kind === "number" && encoding.indicator);
}

function countText(count: number): string {
  return count === 1 ? "one column" : `at most ${count} columns`;
}
