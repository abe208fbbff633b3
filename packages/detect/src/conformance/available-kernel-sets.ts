/** The kernel sets that this engine runs, the reference first. */

export { availableKernels as availableKernelSets } from "../kernels/choose.ts";
