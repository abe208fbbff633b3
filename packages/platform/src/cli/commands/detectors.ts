/** `nomaly detectors`: lists the algorithms, or shows one with its parameters. */

import { type AnyDetector, describeRange, detectorById, detectors, snakeCase } from "@nomaly/detect";
import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";

export async function runDetectors(given: Arguments, context: CliContext): Promise<void> {
  const [id] = given.operands;
  const chosen = id === undefined ? detectors : [detectorById(id)];
  if (given.has("json")) {
    const documents = chosen.map(detectorJson);
    return sayJson(context, id === undefined ? documents : documents[0]);
  }
  say(context, id === undefined ? listText(context) : detectorText(chosen[0], context));
}

function listText(context: CliContext): string {
  const paint = painter(context.colour);
  const width = Math.max(...detectors.map(({ id }) => id.length));
  const lines = detectors.map(({ id, summary }) => `${paint(id.padEnd(width), "bold")}  ${summary}`);
  return [...lines, "", paint("nomaly detectors ID shows the parameters of one.", "dim")].join("\n");
}

function detectorText(detector: AnyDetector, context: CliContext): string {
  const paint = painter(context.colour);
  const { id, summary, params, traits, parts = [] } = detector;
  const lines = Object.entries(params).flatMap(([name, spec]) => [
    `  ${paint(snakeCase(name), "bold")} = ${String(spec.default)}    ${describeRange(spec)}`,
    `      ${spec.summary}`,
  ]);
  const facts = [
    `at least ${traits.rowMinimum} rows${traits.scoresSeries ? " in the order of time" : ""}`,
    ...(traits.columnMaximum === null
      ? []
      : [traits.columnMaximum === 1 ? "one column" : `at most ${traits.columnMaximum} columns`]),
    traits.usesRandomness ? "the seed decides" : "no randomness",
    traits.unitsMatter ? "columns are compared: standardised by default" : "columns may have any units",
    ...(traits.learnsIncrementally ? ["learns further row by row"] : []),
  ];
  const asked = parts.map((part) => part.id).join(", ");
  const example = Object.entries(params)[0];
  const set = example === undefined ? "" : ` --set ${snakeCase(example[0])}=${String(example[1].default)}`;
  const columns = traits.columnMaximum === 1 ? " --columns NAME" : "";
  return [
    paint(id, "bold"),
    summary,
    ...(parts.length === 0 ? [] : [`It asks ${asked}, and says how many of its members agree on a row.`]),
    "",
    lines.length === 0 ? "No parameters." : "Parameters (--set NAME=VALUE):",
    ...lines,
    "",
    `Needs: ${facts.join("; ")}.`,
    `Example: nomaly detect data.csv -a ${id}${columns}${set}`,
  ].join("\n");
}

function detectorJson({ id, summary, params, traits }: AnyDetector): unknown {
  return {
    id,
    summary,
    params: Object.fromEntries(Object.entries(params).map(([name, spec]) => [snakeCase(name), spec])),
    traits: Object.fromEntries(Object.entries(traits).map(([name, value]) => [snakeCase(name), value])),
  };
}
