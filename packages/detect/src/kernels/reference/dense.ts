/** The dense family in plain float64: the truth the other kernel sets are held to. */

import type { DenseKernels } from "../dense-kernels.ts";

export const referenceDense: DenseKernels = {};
