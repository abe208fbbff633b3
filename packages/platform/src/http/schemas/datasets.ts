/** Schemas of data sets. */

import { type Static, Type } from "typebox";
import { ColumnNames, Id, nullable, pageOf, Rows, strict } from "./shared.ts";

const Column = Type.Object({ name: Type.String(), type: Type.String() });

export const NewDataset = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    data: Rows,
    columns: Type.Optional(ColumnNames),
  },
  { ...strict, $id: "NewDataset" },
);
export type NewDataset = Static<typeof NewDataset>;

/** The fields besides the rows in a body that a worker reads. */
export const NewDatasetFields = Type.Object({ name: NewDataset.properties.name }, strict);
export type NewDatasetFields = Static<typeof NewDatasetFields>;

export const Dataset = Type.Object(
  {
    id: Id,
    name: Type.String(),
    file_format: Type.String(),
    n_samples: Type.Integer({ description: "number of rows" }),
    n_features: Type.Integer({ description: "number of columns that detectors can use" }),
    size_bytes: Type.Integer(),
    checksum: Type.String({ description: "SHA-256 of the stored bytes, in hexadecimal" }),
    reading: Type.Record(Type.String(), Type.String(), { description: "options of a text file that came with its upload" }),
    columns: Type.Array(Column),
    created_at: Type.String({ format: "date-time" }),
  },
  { $id: "Dataset" },
);

export const DatasetList = pageOf(Dataset);

export const RowsQuery = Type.Object(
  {
    offset: Type.Optional(Type.Integer({ minimum: 0, maximum: 1e12, default: 0 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 10_000, default: 100 })),
  },
  strict,
);

export const DatasetRows = Type.Object({
  n_samples: Type.Integer(),
  n_cut: Type.Integer({ description: "number of texts that were cut, and of values that are null, because they are long" }),
  rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
});

export const DatasetProfile = Type.Object({
  n_samples: Type.Integer(),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      kind: nullable(Type.String()),
      missing_count: Type.Integer({ description: "counted exactly; empty and blank texts count as missing" }),
      missing_share: Type.Number({
        description: "0 to 1; infinite numbers and NaN count as missing and, in a column that has such, numbers beyond 1e150",
      }),
      distinct_count: Type.Number({ description: "estimated if the table has more than a million values" }),
      is_estimated: Type.Boolean({ description: "whether distinct_count and quartiles are estimates" }),
      min: nullable(Type.String()),
      max: nullable(Type.String()),
      mean: nullable(Type.Number()),
      std: nullable(Type.Number()),
      quartiles: nullable(
        Type.Array(Type.Number(), { description: "estimated like distinct_count; null for columns that hold no numbers" }),
      ),
    }),
  ),
  findings: Type.Array(Type.Object({ code: Type.String(), column: Type.String(), detail: Type.String() })),
});
