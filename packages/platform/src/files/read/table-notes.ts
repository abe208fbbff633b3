/** What a user should know of how a file was read, in sentences. */

import type { RowStream } from "./row-stream.ts";

/** Complete once the columns have been read. */
export function tableNotes({ roundedColumns, columns, notes = [] }: Pick<RowStream, "roundedColumns" | "columns" | "notes">) {
  const rounded = [...roundedColumns].map(
    (name) => `column ${name} holds whole numbers beyond 2^53: they are compared at the precision of a float64`,
  );
  const unused = columns
    .filter((column) => column.kind === undefined)
    .map(({ name, type }) => `column ${name} of type ${type} is kept, but not used`);
  return [...notes, ...rounded, ...unused];
}

const noteCountMax = 100;
const noteLengthMax = 2000;

/** The first notes, as PostgreSQL can store them: names and values of a file may hold a NUL character or half of a pair. */
export function storedNotes(notes: readonly string[]): readonly string[] {
  return notes.slice(0, noteCountMax).map((note) => note.slice(0, noteLengthMax).replaceAll("\0", "").toWellFormed());
}
