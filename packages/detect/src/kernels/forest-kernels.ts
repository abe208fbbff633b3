/** The forest family of kernels: its contract. */

// oxlint-disable-next-line typescript/no-empty-object-type -- filled by the first detector that needs the family
export interface ForestKernels {}
