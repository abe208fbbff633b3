/** Schemas of stored results. */

import { Type } from "typebox";
import { resultFormats } from "../../compute/work.ts";
import { Id, nullable, oneOf, pageOf, PageQuery, strict } from "./shared.ts";

export const Result = Type.Object(
  {
    id: Id,
    detector_id: Id,
    dataset_id: nullable(Id),
    model_version: Type.Integer(),
    job_id: nullable(Id),
    summary: Type.Record(Type.String(), Type.Unknown()),
    size_bytes: Type.Integer(),
    created_at: Type.String({ format: "date-time" }),
  },
  { $id: "Result" },
);
export const ResultList = pageOf(Result);

export const ResultQuery = Type.Object(
  {
    ...PageQuery,
    detector_id: Type.Optional(Id),
    dataset_id: Type.Optional(Id),
    from: Type.Optional(Type.String({ format: "date-time" })),
    to: Type.Optional(Type.String({ format: "date-time" })),
  },
  strict,
);

export const FormatQuery = Type.Object(
  {
    format: Type.Optional(oneOf(["json", ...resultFormats])),
    only_anomalies: Type.Optional(Type.Boolean({ description: "with the format of a file: only the rows that are anomalous" })),
    sort: Type.Optional(
      oneOf(["score"], {
        description: "with the format of a file: the rows with the highest score first, equal scores in the order of the rows",
      }),
    ),
    spreadsheet_safe: Type.Optional(
      Type.Boolean({
        description: "with format=csv: puts a single quote before texts that a spreadsheet would run as a formula",
      }),
    ),
  },
  strict,
);
