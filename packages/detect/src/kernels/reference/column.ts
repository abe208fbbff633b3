/** The column family in plain float64: the truth the other kernel sets are held to. */

import type { ColumnKernels } from "../column-kernels.ts";

export const referenceColumn: ColumnKernels = {};
