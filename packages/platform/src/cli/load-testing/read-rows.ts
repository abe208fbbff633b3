/** Reads the rows that a load test sends. */

import { nearestName, NomalyError } from "@nomaly/detect";
import type { RowStream } from "../../files/read/row-stream.ts";
import { readRowTexts } from "../../load-test/requests/row-texts.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { withInput } from "../fitting/open-input.ts";

/** All rows of a file as JSON objects, with the columns that the command line chooses. */
export async function readRows(path: string, given: Arguments, context: CliContext): Promise<string[]> {
  let texts: string[] = [];
  await withInput({ ...given, operands: [path] }, context, async ({ rows }) => {
    texts = await readRowTexts(rows.name, rows.batches(chosenNames(rows, given)));
  });
  return texts;
}

function chosenNames({ name, columns }: RowStream, given: Arguments): string[] {
  const names = columns.filter(({ kind }) => kind !== undefined).map((column) => column.name);
  const [only, without] = [given.list("columns"), given.list("exclude")];
  for (const asked of [...(only ?? []), ...(without ?? [])]) {
    if (names.includes(asked)) continue;
    const nearest = nearestName(asked, names);
    const hint = nearest === undefined ? "" : `; did you mean "${nearest}"?`;
    throw new NomalyError("COLUMN", `${name} has no column "${asked}"${hint}`, { field: asked });
  }
  const chosen = names.filter((column) => only?.includes(column) !== false && without?.includes(column) !== true);
  if (chosen.length === 0) throw new NomalyError("COLUMN", `${name} has no column left to send`, { field: "columns" });
  return chosen;
}
