/** Renders a load test for the terminal. */

import { alignedLines, widthFor } from "../columns.ts";
import type { LoadContent } from "./load-content.ts";
import { printable } from "../printable.ts";
import { painter, type TerminalStyle } from "../terminal.ts";
import { countText, numberText } from "../wording.ts";

const barWidthMax = 40;

export async function loadTerminal(content: LoadContent, { colour }: Pick<TerminalStyle, "colour">): Promise<string> {
  const paint = painter(colour);
  const { test, url, how, unit, figures, outcomes, kinds, expectations, notes } = content;
  const widthOf = await widthFor([...figures.flat(), ...kinds.flat()]);
  const sections = [
    [`${paint(`load test of ${test}`, "bold")} at ${printable(url)}`, printable(how)],
    alignedLines(figures, [0], widthOf),
    barLines(content, paint),
    outcomes.map(({ what, meaning, count, isSuccess }) =>
      paint(`${countText(count, unit)}: ${what}${meaning === "" ? "" : ` (${meaning})`}`, isSuccess ? "cyan" : "red"),
    ),
    alignedLines(
      kinds.map((cells) => cells.map(printable)),
      [0],
      widthOf,
    ),
    expectations.map(({ text, value, isMet }) =>
      paint(`${isMet ? "kept" : "missed"}  ${text}  (${value})`, isMet ? "cyan" : "red"),
    ),
    notes.map((text) => paint(printable(text), "dim")),
  ];
  return sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n");
}

function barLines({ bars, timed }: LoadContent, paint: ReturnType<typeof painter>): string[] {
  if (bars.length === 0) return [];
  const largest = Math.max(...bars.map(({ count }) => count));
  const labels = bars.map(({ fromMs }) => numberText(Number(fromMs.toPrecision(3))));
  const width = Math.max(...labels.map((label) => label.length));
  const lines = bars.map(({ count }, index) => {
    // Square roots keep one slow request visible beside a thousand fast ones.
    const length = count === 0 ? 0 : Math.max(1, Math.round(Math.sqrt(count / largest) * barWidthMax));
    return `  ${labels[index].padStart(width)} ${paint("█".repeat(length), "cyan")}${count === 0 ? "" : " "}${count}`;
  });
  return [`${timed}, from so many ms (lengths of bars are square roots of the counts)`, ...lines];
}
