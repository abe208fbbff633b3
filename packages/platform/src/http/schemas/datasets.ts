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

/** What stands beside the rows in a body that a worker reads. */
export const NewDatasetFields = Type.Object({ name: NewDataset.properties.name }, strict);
export type NewDatasetFields = Static<typeof NewDatasetFields>;

export const Dataset = Type.Object(
  {
    id: Id,
    name: Type.String(),
    file_format: Type.String(),
    n_samples: Type.Integer({ description: "rows" }),
    n_features: Type.Integer({ description: "columns that detectors can use" }),
    size_bytes: Type.Integer(),
    checksum: Type.String({ description: "SHA-256 of the stored bytes, in hexadecimal" }),
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
  n_cut: Type.Integer({ description: "texts that were cut, and values that were left out, because they are long" }),
  rows: Type.Array(Type.Record(Type.String(), Type.Unknown())),
});

export const DatasetProfile = Type.Object({
  n_samples: Type.Integer(),
  columns: Type.Array(
    Type.Object({
      name: Type.String(),
      type: Type.String(),
      kind: nullable(Type.String()),
      missing_share: Type.Number({
        description: "0 to 1; what is no finite number counts as missing, and, where there are such, what is beyond 1e150",
      }),
      distinct_count: Type.Number({ description: "estimated where the table has more than a million values" }),
      min: nullable(Type.String()),
      max: nullable(Type.String()),
      mean: nullable(Type.Number()),
      std: nullable(Type.Number()),
      quartiles: nullable(
        Type.Array(Type.Number(), { description: "estimated like distinct_count; null for what is no number" }),
      ),
    }),
  ),
  findings: Type.Array(Type.Object({ code: Type.String(), column: Type.String(), detail: Type.String() })),
});
