/** Columns of a table on the terminal: how many places a text takes there, and cells padded to line up. */

/** Places of a text on the terminal: two for most of Chinese, Japanese and Korean, none for a combining mark. */
export type WidthOf = (text: string) => number;

/** Letters that take one place each: ASCII, the Latin letters with marks (a soft hyphen is not shown), and the mark of what is cut. */
const onePlaceEach = /^[ -~\u00a0-\u00ac\u00ae-\u02ff…]*$/;

/** For these texts. The library takes as long to load as a small file takes to score: it is loaded only where a text needs it. */
export async function widthFor(texts: readonly string[]): Promise<WidthOf> {
  if (texts.every((text) => onePlaceEach.test(text))) return (text) => text.length;
  return (await import("string-width")).default;
}

/** One line a row of cells. Columns stand to the right but those named; the last one is not filled up. */
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

/** Its beginning, with a mark of what is cut, where it takes more places than these. */
export function clipped(text: string, widthMax: number, widthOf: WidthOf): string {
  if (widthOf(text) <= widthMax) return text;
  let kept = "";
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(kept + segment) >= widthMax) break;
    kept += segment;
  }
  return `${kept}…`;
}
