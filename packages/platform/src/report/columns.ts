/** Aligns the columns of a table on the terminal, using the width of each text there. */

/** Width of a text in terminal cells: two for most Chinese, Japanese and Korean letters, none for a combining mark. */
export type WidthOf = (text: string) => number;

/** Characters one cell wide: ASCII, Latin letters with marks (a soft hyphen is invisible), and the ellipsis. */
const onePlaceEach = /^[ -~\u00a0-\u00ac\u00ae-\u02ff…]*$/;

/** A width function for these texts. Loads string-width only if a text needs it, as that takes as long as scoring a small file. */
export async function widthFor(texts: readonly string[]): Promise<WidthOf> {
  if (texts.every((text) => onePlaceEach.test(text))) return (text) => text.length;
  return (await import("string-width")).default;
}

/** One line for each row of cells. Columns are right-aligned except `leftColumns`; the last one is not padded. */
export function alignedLines(table: readonly (readonly string[])[], leftColumns: readonly number[], widthOf: WidthOf): string[] {
  const widths = table[0]?.map((_, index) => Math.max(...table.map((cells) => widthOf(cells[index])))) ?? [];
  return table.map((cells) =>
    cells
      .map((cell, index) => {
        const fill = " ".repeat(widths[index] - widthOf(cell));
        if (!leftColumns.includes(index)) return fill + cell;
        return index === cells.length - 1 ? cell : cell + fill;
      })
      .join("  "),
  );
}

/** Cuts a text that is wider than `widthMax`, and ends it with an ellipsis. */
export function clipped(text: string, widthMax: number, widthOf: WidthOf): string {
  if (widthOf(text) <= widthMax) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(kept + segment) >= widthMax) break;
    kept += segment;
  }
  return `${kept}…`;
}
