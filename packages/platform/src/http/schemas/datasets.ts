/** Schemas of data sets. */

import { type Static, Type } from "typebox";
import { ColumnNames, idOf, nullable, pageOf, rowsAs, strict, timeOf } from "./shared.ts";

const columnName = Type.String({ description: "name of the column" });
const columnType = Type.String({ description: "type of its values as DuckDB names it, such as DOUBLE or VARCHAR" });
const Column = Type.Object({ name: columnName, type: columnType });
const rowCount = Type.Integer({ description: "number of rows of the whole data set" });

export const NewDataset = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200, description: "a name for people, which need not be unique" }),
    data: rowsAs("the rows to store"),
    columns: Type.Optional(ColumnNames),
  },
  { ...strict, $id: "NewDataset", description: "rows to store as a data set" },
);
export type NewDataset = Static<typeof NewDataset>;

/** The fields besides the rows in a body that a worker reads. */
export const NewDatasetFields = Type.Object({ name: NewDataset.properties.name }, strict);
export type NewDatasetFields = Static<typeof NewDatasetFields>;

export const Dataset = Type.Object(
  {
    id: idOf("id of the data set"),
    name: Type.String({ description: "a name for people; by default that of the uploaded file" }),
    file_format: Type.String({
      description: "one of csv (also for TSV), json, ndjson (also for rows of a request), parquet and arrow",
    }),
    n_samples: Type.Integer({ description: "number of rows" }),
    n_features: Type.Integer({ description: "number of columns that detectors can use" }),
    size_bytes: Type.Integer({ description: "bytes of the stored file, unpacked if it came as gzip" }),
    checksum: Type.String({ description: "SHA-256 of the stored bytes, in hexadecimal" }),
    reading: Type.Record(Type.String(), Type.String(), { description: "options of a text file that came with its upload" }),
    notes: Type.Array(Type.String(), {
      description:
        "how the file was read, in sentences: numbers and dates that were recognised as people write them, with an example of each, columns that are not used, and what was left open; empty where there is nothing to say",
    }),
    columns: Type.Array(Column, { description: "all columns in the order of the file, also those that detectors cannot use" }),
    created_at: timeOf("when it was stored"),
  },
  { $id: "Dataset", description: "a stored table, which never changes: new rows are a new data set" },
);

export const DatasetList = pageOf(Dataset);

export const RowsQuery = Type.Object(
  {
    offset: Type.Optional(
      Type.Integer({ minimum: 0, maximum: 1e12, default: 0, description: "rows to leave out before the page" }),
    ),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 100, description: "most rows of the page" })),
  },
  strict,
);

export const DatasetRows = Type.Object(
  {
    n_samples: rowCount,
    n_cut: Type.Integer({ description: "number of texts that were cut, and of values that are null, because they are long" }),
    rows: Type.Array(Type.Record(Type.String(), Type.Unknown()), {
      description: "the rows of the page, as objects by column name; fewer than asked for where they would take more than 4 MiB",
    }),
  },
  { description: "a page of the rows of a data set" },
);

const ColumnProfile = Type.Object({
  name: columnName,
  type: columnType,
  kind: nullable(
    Type.String(),
    "what detectors take the column for: number, date, boolean or text; null if they cannot use values of its type",
  ),
  missing_count: Type.Integer({
    description: "number of missing values, counted exactly; empty and blank texts count as missing",
  }),
  missing_share: Type.Number({
    description:
      "share of missing values, 0 to 1; infinite numbers and NaN count as missing and, in a column that has such, numbers beyond 1e150",
  }),
  distinct_count: Type.Number({
    description: "number of different values, missing ones left out; estimated if the table has more than a million values",
  }),
  is_estimated: Type.Boolean({ description: "whether distinct_count and quartiles are estimates" }),
  min: nullable(Type.String(), "the least value, written as a text of at most 200 letters; null if the column has no value"),
  max: nullable(Type.String(), "the greatest value, written as a text of at most 200 letters; null if the column has no value"),
  mean: nullable(Type.Number(), "the mean of its numbers; null for columns that hold no numbers"),
  std: nullable(
    Type.Number(),
    "the standard deviation of its numbers, with n - 1 in the denominator; null for columns that hold no numbers",
  ),
  quartiles: nullable(
    Type.Array(Type.Number()),
    "the values below which a quarter, half and three quarters of its numbers lie; estimated like distinct_count; null for columns that hold no numbers",
  ),
});

const Finding = Type.Object({
  code: Type.String({
    description: "one of constant, missing_values, mostly_missing, identifier, many_categories and unusable_type",
  }),
  column: columnName,
  detail: Type.String({ description: "the finding as a sentence" }),
});

export const DatasetProfile = Type.Object(
  {
    n_samples: rowCount,
    columns: Type.Array(ColumnProfile, { description: "one for each column, in the order of the file" }),
    findings: Type.Array(Finding, { description: "what to know of a column before detectors are trained on it" }),
  },
  { description: "what each column of a data set holds" },
);
