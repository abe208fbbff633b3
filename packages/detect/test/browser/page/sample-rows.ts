/** The same table on Node and in the browser: two clusters and a few rows far from both. */

export const columnCount = 4;

/** The rows as a detector takes them: their first column, where it takes no more. */
export function sampleFor({ columnMaximum }: { readonly columnMaximum: number | null }, rowCount: number) {
  const values = sampleRows(rowCount);
  const width = Math.min(columnCount, columnMaximum ?? columnCount);
  return { values: width === columnCount ? values : values.filter((_, at) => at % columnCount < width), columnCount: width };
}

/** Row-major. Whole-number arithmetic only, so that no engine's rounding matters. */
export function sampleRows(rowCount: number): Float64Array {
  const values = new Float64Array(rowCount * columnCount);
  let state = 12_345;
  for (let i = 0; i < values.length; i++) {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    const row = Math.floor(i / columnCount);
    const center = row % 50 === 0 ? 9 : (row % 2) * 3;
    values[i] = center + (state >>> 8) / 2 ** 24;
  }
  return values;
}
