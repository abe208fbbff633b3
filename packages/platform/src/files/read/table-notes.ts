/** What a user should know of how a file was read, in sentences. */

import type { RowStream } from "./row-stream.ts";
import { typeText } from "./type-text.ts";

type NotedRows = Pick<RowStream, "roundedColumns" | "columns" | "notes" | "infiniteValues">;

/** Complete once the columns have been read. */
export function tableNotes(rows: NotedRows): string[] {
  const { roundedColumns, columns, notes = [] } = rows;
  const rounded = [...roundedColumns].map(
    (name) => `column ${name} holds whole numbers beyond 2^53: they are compared at the precision of a float64`,
  );
  const unused = columns
    .filter((column) => column.kind === undefined)
    .map(({ name, type }) => `column ${name} of type ${typeText(type)} is kept, but not used`);
  return [...notes, ...rounded, ...infiniteNotes(rows), ...unused];
}

/** Says which infinite numbers count as missing. */
export function infiniteNotes({ infiniteValues }: Pick<RowStream, "infiniteValues">): string[] {
  return [...infiniteValues].map(([name, { count, rowIndex }]) => {
    const infinite = count === 1 ? "1 infinite number, in" : `${count.toLocaleString("en-US")} infinite numbers, the first in`;
    return `column ${name}: ${infinite} row ${rowIndex + 1}, ${count === 1 ? "counts" : "count"} as missing`;
  });
}

const noteCountMax = 100;
const noteLengthMax = 2000;

/** The first notes, as PostgreSQL can store them: names and values of a file may hold a NUL character or half of a pair. */
export function storedNotes(notes: readonly string[]): readonly string[] {
  return notes.slice(0, noteCountMax).map((note) => note.slice(0, noteLengthMax).replaceAll("\0", "").toWellFormed());
}
