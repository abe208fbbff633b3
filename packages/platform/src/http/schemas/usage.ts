/** The schema of what is stored. */

import { Type } from "typebox";
import { idOf } from "./shared.ts";

const size = {
  count: Type.Integer({ description: "how many are stored" }),
  size_bytes: Type.Integer({ description: "bytes that they take together" }),
};
const name = Type.String({ description: "its name for people" });

export const Usage = Type.Object(
  {
    quota_bytes: Type.Integer({ description: "bytes that all of it may take (the setting quota_bytes)" }),
    used_bytes: Type.Integer({ description: "bytes of data sets, model versions and results together" }),
    datasets: Type.Object(size, { description: "what data sets take" }),
    model_versions: Type.Object(size, { description: "what the model files of all versions take" }),
    results: Type.Object(size, { description: "what stored results take" }),
    versions_kept: Type.Integer({
      description: "the last versions of a detector that the service keeps; the live one stays in any case",
    }),
    result_retention_days: Type.Integer({ description: "age in days at which the service removes a result" }),
    largest_datasets: Type.Array(
      Type.Object({
        id: idOf("id of the data set"),
        name,
        size_bytes: Type.Integer({ description: "bytes of its stored file" }),
      }),
      { description: "the ten largest, largest first" },
    ),
    largest_detectors: Type.Array(
      Type.Object({
        id: idOf("id of the detector"),
        name,
        size_bytes: Type.Integer({ description: "bytes of all its versions together" }),
        n_versions: Type.Integer({ description: "number of its stored versions" }),
      }),
      { description: "the ten whose versions take the most bytes together, largest first" },
    ),
  },
  { $id: "Usage", description: "what is stored, and how much may be" },
);
