/** Schemas of stored results. */

import { Type } from "typebox";
import { resultFormats } from "../../compute/work.ts";
import { idOf, nullable, oneOf, pageOf, PageQuery, strict, timeOf } from "./shared.ts";

export const Result = Type.Object(
  {
    id: idOf("id of the result"),
    detector_id: idOf("the detector that scored"),
    dataset_id: nullable(
      idOf("the data set"),
      "the data set that was scored; null for rows of a request, and once the data set is removed",
    ),
    model_version: Type.Integer({ description: "the version of the detector's model that scored" }),
    job_id: nullable(idOf("the job"), "the job that made it; null if it was made while the client waited"),
    summary: Type.Record(Type.String(), Type.Unknown(), {
      description:
        "counts of rows and anomalies, threshold, quantiles of the scores, the columns that were added to the rows, the time in milliseconds and, if asked for, the reasons of the rows of highest score",
    }),
    size_bytes: Type.Integer({ description: "bytes of the stored Parquet file" }),
    created_at: timeOf("when it was stored"),
  },
  { $id: "Result", description: "stored rows with their scores, labels and ranks" },
);
export const ResultList = pageOf(Result);

export const ResultQuery = Type.Object(
  {
    ...PageQuery,
    detector_id: Type.Optional(idOf("only results of this detector")),
    dataset_id: Type.Optional(idOf("only results of this data set")),
    from: Type.Optional(timeOf("only results stored at this time or later")),
    to: Type.Optional(timeOf("only results stored before this time")),
  },
  strict,
);

export const FormatQuery = Type.Object(
  {
    format: Type.Optional(
      oneOf(["json", ...resultFormats], {
        description: "json gives the result without its rows, as by default; the others give its rows",
      }),
    ),
    only_anomalies: Type.Optional(Type.Boolean({ description: "with the format of a file: only the rows that are anomalous" })),
    sort: Type.Optional(
      oneOf(["score"], {
        description: "with the format of a file: the rows with the highest score first, equal scores in the order of the rows",
      }),
    ),
    limit: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description: "with the format of a file: the most rows, the first ones in the order that is asked for",
      }),
    ),
    sample: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 10_000,
        description:
          "with the format of a file: so many rows, spread evenly over all in the order that is asked for; beside sort=score they show how scores are spread",
      }),
    ),
    spreadsheet_safe: Type.Optional(
      Type.Boolean({
        description: "with format=csv: puts a single quote before texts that a spreadsheet would run as a formula",
      }),
    ),
    decimal_comma: Type.Optional(
      Type.Boolean({
        description:
          "with format=csv: numbers have a decimal comma and a semicolon cuts the columns, as spreadsheets write in much of Europe",
      }),
    ),
  },
  strict,
);
