/** The reference kernel set: plain TypeScript, float64, one obvious loop an operation. */

import type { KernelSet } from "../kernel-set.ts";
import { referenceColumn } from "./column.ts";
import { referenceDense } from "./dense.ts";
import { referenceForest } from "./forest.ts";
import { referenceNeighbour } from "./neighbour.ts";
import { referenceTail } from "./tail.ts";

export const referenceKernels: KernelSet = {
  name: "reference",
  ...referenceForest,
  ...referenceNeighbour,
  ...referenceColumn,
  ...referenceDense,
  ...referenceTail,
};
