/** The schema of what is stored. */

import { Type } from "typebox";
import { Id } from "./shared.ts";

const size = { count: Type.Integer(), size_bytes: Type.Integer() };
const large = { id: Id, name: Type.String(), size_bytes: Type.Integer() };

export const Usage = Type.Object(
  {
    quota_bytes: Type.Integer(),
    used_bytes: Type.Integer({ description: "of data sets, model versions and results together" }),
    datasets: Type.Object(size),
    model_versions: Type.Object(size),
    results: Type.Object(size),
    versions_kept: Type.Integer({
      description: "the last versions of a detector that the service keeps; the live one stays in any case",
    }),
    result_retention_days: Type.Integer(),
    largest_datasets: Type.Array(Type.Object(large)),
    largest_detectors: Type.Array(Type.Object({ ...large, n_versions: Type.Integer() }), {
      description: "by the size of their versions",
    }),
  },
  { $id: "Usage" },
);
