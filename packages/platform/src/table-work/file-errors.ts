/** Errors about the rows and columns of a file, worded for the command line or for the service. */

import { type ErrorCode, type Naming, nearestName, NomalyError } from "@nomaly/detect";
import type { StreamColumn } from "../files/read/row-stream.ts";
import { typeText } from "../files/read/type-text.ts";
import type { GivenTable } from "./given-table.ts";

const listedNameCount = 12;

type Named = Pick<GivenTable, "rows" | "caller">;

const aboutRows: ReadonlySet<ErrorCode> = new Set(["COLUMN", "NOT_FINITE", "LABEL", "SHAPE", "TOO_FEW_ROWS"]);

export const commandLineNaming: Naming = {
  // The library counts rows from 0; messages on the command line count from 1.
  row: (rowIndex) => `row ${rowIndex + 1}`,
  option(name, values) {
    const typed = `--${name.replaceAll("_", "-")}`;
    return values.length === 0 ? typed : values.map((value) => `${typed} ${forShell(value)}`).join(" or ");
  },
};

/** A value as a shell takes it. */
function forShell(value: string): string {
  return /^[\w.,:%+@/-]+$/.test(value) ? value : `'${value.replaceAll("'", "'\\''")}'`;
}

/** Runs `work`; its errors then name the file, and rows by their index in the file. */
export async function onRows<T>(table: Named, rowIndexOf: (row: number) => number, work: () => Promise<T> | T): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw aboutFile(error, { name: table.rows.name, caller: table.caller }, rowIndexOf);
  }
}

/** @param rowIndexOf index in the file, from 0, of a row passed to the library. */
export function aboutFile(
  error: unknown,
  { name, caller }: Pick<GivenTable, "caller"> & { readonly name: string },
  rowIndexOf: (row: number) => number,
): unknown {
  if (!(error instanceof NomalyError) || !aboutRows.has(error.code)) return error;
  const rowIndex = error.rowIndex === undefined ? undefined : rowIndexOf(error.rowIndex);
  return error.retold({ prefix: `${name}: `, rowIndex, ...(caller === "command" ? { naming: commandLineNaming } : {}) });
}

export function noRows({ rows: { name, columns }, caller }: Named): NomalyError {
  switch (caller) {
    case "command":
      return new NomalyError("TOO_FEW_ROWS", `${name} has no rows, only column names (${columns.length})`, { field: name });
    case "service":
      return new NomalyError("TOO_FEW_ROWS", `${name} has no rows`, { field: "rows", received: "0" });
  }
}

/** The error for a series with more rows than fit into memory: a sample of them is no series. */
export function tooLongSeries({ rows: { name }, caller }: Named, detectorId: string, rowCountMax: number): NomalyError {
  const limit = caller === "command" ? `${rowCountMax} (--fit-rows)` : String(rowCountMax);
  const message = `${name} has more rows than ${detectorId} may learn at once, ${limit}; as it scores a series, it takes no sample of them`;
  return new NomalyError("TOO_LARGE", message, { field: "rows", expected: `at most ${rowCountMax}` });
}

/** @param left columns that were left out. */
export function noColumnLeft({ rows: { name, columns }, caller }: Named, left: readonly string[]): NomalyError {
  const message = `${name}: no column is left to learn from`;
  switch (caller) {
    case "command": {
      const unusable = columns
        .filter(({ kind }) => kind === undefined)
        .map((column) => `${column.name} (values of type ${typeText(column.type)} cannot be used)`);
      const all = [...left, ...unusable];
      const why = all.length === 0 ? "" : `; left out: ${listed(all)}`;
      return new NomalyError("COLUMN", message + why, { field: name });
    }
    case "service":
      return new NomalyError("COLUMN", message, { field: "columns" });
  }
}

/** Requires that names given for an option are usable columns of the file. @throws NomalyError COLUMN with the nearest name. */
export function requireColumns({ rows, caller }: Named, names: readonly (string | undefined)[], option: string): void {
  for (const name of names) {
    const column = rows.columns.find((candidate) => candidate.name === name);
    if (name === undefined || column?.kind !== undefined) continue;
    const isThere = column !== undefined;
    const message = isThere
      ? `${rows.name}: column "${name}" of type ${column.type} cannot be used`
      : `${rows.name} has no column "${name}"`;
    switch (caller) {
      case "command": {
        const hint = isThere ? "" : `; ${columnHint(name, namesOf(rows.columns))}`;
        throw new NomalyError("COLUMN", `${message} (--${option})${hint}`, { field: name, received: column?.type ?? name });
      }
      case "service": {
        const nearest = isThere ? undefined : nearestName(name, namesOf(rows.columns.filter(({ kind }) => kind !== undefined)));
        const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
        throw new NomalyError("COLUMN", message + hint, { field: option, received: name });
      }
    }
  }
}

function namesOf(columns: readonly StreamColumn[]): readonly string[] {
  return columns.map(({ name }) => name);
}

/** A hint for a column name that the file lacks: the nearest name, or the file's first names. */
export function columnHint(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? `it has ${listed(known)}` : `did you mean "${nearest}"?`;
}

export function listed(names: readonly string[], countMax = listedNameCount): string {
  return `${names.slice(0, countMax).join(", ")}${names.length > countMax ? ", ..." : ""}`;
}
