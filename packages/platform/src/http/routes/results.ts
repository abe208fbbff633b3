/** Routes that list, read and remove stored results, with their rows as CSV, NDJSON, Parquet or Arrow. */

import { NomalyError } from "@nomaly/detect";
import { type Static, Type } from "typebox";
import { resultFormats } from "../../compute/work.ts";
import type { ServiceContext } from "../../services/core/context.ts";
import { type FileForm, findResults, getResult, openResult, removeResult } from "../../services/scoring/results.ts";
import type { App } from "../app.ts";
import { arrowFileMediaType, wantsArrowFile } from "../body/large-body.ts";
import { FormatQuery, ResultList, ResultQuery } from "../schemas/results.ts";
import { whenOver } from "../gate/when-over.ts";
import { plain } from "./shared/predicted-reply.ts";
import { callOf, IdParams, problemsOf, removed, route } from "./shared/shared.ts";

const tags = ["results"];
const file = Type.Unsafe<never>({ type: "string", format: "binary" });
const mediaTypes = {
  csv: "text/csv; charset=utf-8",
  ndjson: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
  arrow: arrowFileMediaType,
} as const;

const content = {
  "application/json": { schema: Type.Ref("Result") },
  "text/csv": { schema: Type.Unsafe<never>({ type: "string" }) },
  "application/x-ndjson": { schema: Type.Unsafe<never>({ type: "string" }) },
  "application/vnd.apache.parquet": { schema: file },
  [arrowFileMediaType]: { schema: file },
};

export function registerResults(app: App, context: ServiceContext): void {
  app.get(
    "/api/results",
    route({
      scope: "read",
      tags,
      summary: "results, newest first",
      querystring: ResultQuery,
      response: { 200: ResultList, ...problemsOf() },
    }),
    async (request, reply) => reply.send((await findResults(context, request.query)) as never),
  );
  app.get(
    "/api/results/:id",
    route({
      scope: "read",
      tags,
      summary: "one result, or with `format` its rows",
      params: IdParams,
      querystring: FormatQuery,
      response: {
        200: {
          description: "the result, or with `format` (or an Accept header for Arrow) its rows; Arrow is a file, not a stream",
          content,
        },
        ...problemsOf(404, 502, 507),
      },
    }),
    async (request, reply) => {
      const { id } = request.params;
      const { format = wantsArrowFile(request) ? "arrow" : "json", ...query } = request.query;
      const { spreadsheet_safe: isSpreadsheetSafe = false, decimal_comma: hasDecimalCommas = false } = query;
      const selection = selectionOf(request.query);
      if (format !== "csv") refuseCsvOptions(query);
      if (format === "json") {
        if (selection !== undefined) throw noRows(selection);
        return reply.send(await getResult(context, id));
      }
      const form = { format, isSpreadsheetSafe, hasDecimalCommas, selection };
      const opened = await openResult(context, callOf(request), id, form);
      // Also runs when the client leaves. A file that cannot be removed goes with the temporary folder.
      whenOver(reply.raw, () => void opened.release().catch(() => undefined));
      // Without a length when the file is still being written: a failure then cuts the answer off, and the client sees no end.
      if (opened.sizeBytes !== undefined) reply.header("content-length", String(opened.sizeBytes));
      return reply
        .type(mediaTypes[format])
        .header("content-disposition", `attachment; filename="result-${id}.${format}"`)
        .serializer(plain)
        .send(opened.bytes);
    },
  );
  app.delete(
    "/api/results/:id",
    route({
      scope: "train",
      tags,
      summary: "remove a result",
      params: IdParams,
      response: { 204: removed, ...problemsOf(404, 502, 507) },
    }),
    async (request, reply) => {
      await removeResult(context, callOf(request), request.params.id);
      return reply.code(204).send(null);
    },
  );
}

function selectionOf(query: Static<typeof FormatQuery>): FileForm["selection"] {
  const { only_anomalies: onlyAnomalies = false, sort, limit: rowCountMax, sample: sampleCount } = query;
  if (rowCountMax !== undefined && sampleCount !== undefined) {
    throw new NomalyError("REQUEST", "give either limit, the first rows, or sample, rows from all over", { field: "sample" });
  }
  const isAll = !onlyAnomalies && sort === undefined && rowCountMax === undefined && sampleCount === undefined;
  return isAll ? undefined : { onlyAnomalies, byScore: sort === "score", rowCountMax, sampleCount };
}

function refuseCsvOptions(query: Static<typeof FormatQuery>): void {
  for (const field of ["spreadsheet_safe", "decimal_comma"] as const) {
    if (query[field] === true) throw new NomalyError("REQUEST", `${field} is allowed with format=csv only`, { field });
  }
}

function noRows({ onlyAnomalies, byScore, rowCountMax }: NonNullable<FileForm["selection"]>): NomalyError {
  const rest = rowCountMax === undefined ? "sample" : "limit";
  const field = onlyAnomalies ? "only_anomalies" : byScore ? "sort" : rest;
  return new NomalyError("REQUEST", `${field} is about the rows of the result: it needs a format (${resultFormats.join(", ")})`, {
    field,
  });
}
