/** The forest family in plain float64: the truth the other kernel sets are held to. */

import type { ForestKernels } from "../forest-kernels.ts";

export const referenceForest: ForestKernels = {};
