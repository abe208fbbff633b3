/** The neighbour family in plain float64: the truth the other kernel sets are held to. */

import type { NeighbourKernels } from "../neighbour-kernels.ts";

export const referenceNeighbour: NeighbourKernels = {};
