/** Names the columns that a fit took for categories although most of their values are numbers. */

import type { PipelineColumn } from "@nomaly/detect";

/** Share of categories that are numbers from which the others are named. */
const numberShareMin = 0.5;
const exampleLengthMax = 40;

/** @param declared columns that the user calls categories. */
export function mixedColumnNotes(columns: readonly PipelineColumn[], declared: readonly string[] = []): string[] {
  return columns.flatMap(({ name, encoding }) => {
    if (encoding.kind === "number" || declared.includes(name)) return [];
    const present = encoding.categories.filter((category) => category !== "");
    const others = present.filter((category) => Number.isNaN(Number(category)));
    if (others.length === 0 || others.length > present.length * (1 - numberShareMin)) return [];
    const example = others[0].slice(0, exampleLengthMax);
    return [`column ${name} holds numbers and texts such as "${example}": it is taken as categories`];
  });
}
