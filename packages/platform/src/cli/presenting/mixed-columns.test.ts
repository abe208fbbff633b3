import { fit } from "@nomaly/detect";
import { expect, it } from "vitest";
import { mixedColumnNotes } from "./mixed-columns.ts";

async function notesOf(texts: readonly string[], declared?: readonly string[]): Promise<string[]> {
  const rows = Array.from({ length: 60 }, (_, row) => ({ kind: texts[row % texts.length], size: (row * 7) % 11 }));
  const options = declared === undefined ? {} : { categorical: declared };
  const { columns } = await fit(rows, { detector: "robust-z", missing: "median", ...options });
  return mixedColumnNotes(columns, declared);
}

const note = 'column kind holds numbers and texts such as "rotary": it is taken as categories';

it.each([
  ["as many numbers as texts", ["3", "rotary"], [note]],
  ["numbers, a text and missing ones", ["3", "", "rotary"], [note]],
  ["numbers and a code that could be one with a unit", ["3", "5", "15A"], [note.replace("rotary", "15A")]],
  ["more texts than numbers", ["3", "rotary", "diesel"], []],
  ["texts alone", ["rotary", "diesel"], []],
  ["codes of digits alone", ["007", "008"], []],
])("a column of categories is named where most are numbers: %s", async (_, texts, notes) => {
  expect(await notesOf(texts)).toEqual(notes);
});

it("a column that was declared categorical is not named", async () => {
  expect(await notesOf(["3", "rotary"], ["kind"])).toEqual([]);
});
