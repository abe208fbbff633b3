/** The column family in plain float64: the truth the other kernel sets are held to. */

import type { ColumnKernels } from "../column-kernels.ts";

export const referenceColumn: ColumnKernels = { sortColumn };

function sortColumn(values: Float64Array, order: Uint32Array): void {
  for (let i = 0; i < order.length; i++) order[i] = i;
  // Not values[a] - values[b], which overflows to the same infinity for different values.
  order.sort((a, b) => (values[a] < values[b] ? -1 : values[a] > values[b] ? 1 : a - b));
  const sorted = Float64Array.from(order, (place) => values[place] + 0);
  values.set(sorted);
}
