/** Request bodies: rows of normal numbers, all different. */

import { generateValues } from "../data.ts";

export function rowsOf(rowCount: number, columnCount: number, seed: number): number[][] {
  const values = generateValues(rowCount, columnCount, seed);
  return Array.from({ length: rowCount }, (_, row) =>
    Array.from(values.subarray(row * columnCount, (row + 1) * columnCount), (value) => Math.round(value * 1e6) / 1e6),
  );
}

/** `data` as rows of arrays with the names of their columns, as the service and the peer take them. */
export function predictBodies(detectorId: string, count: number, rowCount: number, columnCount: number): string[] {
  const rows = rowsOf(rowCount * count, columnCount, 7);
  const columns = columnNames(columnCount);
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({ detector_id: detectorId, columns, data: rows.slice(index * rowCount, (index + 1) * rowCount) }),
  );
}

export function columnNames(columnCount: number): string[] {
  return Array.from({ length: columnCount }, (_, column) => `x${column}`);
}
