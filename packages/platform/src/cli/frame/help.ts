/** Makes help texts from the definitions of commands and options. */

import type { Command } from "./command.ts";
import { commands } from "../commands.ts";
import { exitCodes } from "./exit-codes.ts";
import { generalOptions, type OptionSpec } from "./options.ts";

/** Column at which the summary of an option begins. */
const optionColumn = 30;
const lineWidth = 100;

export function overview(): string {
  const list = commands.map(({ name, summary }) => `  ${name.padEnd(12)}${summary}`);
  const examples = commands.slice(0, 3).flatMap(({ examples }) => examples.slice(0, 1));
  return [
    "nomaly finds anomalies in tables: CSV, Parquet, JSON or Arrow in, scored rows, labels and reasons out.",
    "",
    "Usage: nomaly COMMAND [options]",
    "",
    "Commands:",
    ...list,
    "",
    "Examples:",
    ...exampleLines(examples),
    "",
    "Exit codes:",
    ...Object.entries(exitCodes).map(([code, meaning]) => `  ${code.padEnd(5)}${meaning}`),
    "",
    "nomaly COMMAND --help shows the options of a command.",
  ].join("\n");
}

export function commandHelp(command: Command): string {
  return [
    `nomaly ${command.name}: ${command.summary}.`,
    "",
    `Usage: nomaly ${command.name} ${command.usage}`,
    "",
    "Options:",
    ...command.options.map(optionLine),
    ...generalOptions.filter((option) => option.name !== "version").map(optionLine),
    "",
    "Examples:",
    ...exampleLines(command.examples),
  ].join("\n");
}

function optionLine({ name, short, value, summary, choices }: OptionSpec): string {
  const form = `  ${short === undefined ? "    " : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`;
  const listed = choices === undefined ? summary : `${summary} [${choices.join("|")}]`;
  const lines = wrap(listed, lineWidth - optionColumn);
  const first =
    form.length < optionColumn - 1 ? form.padEnd(optionColumn) + lines[0] : `${form}\n${" ".repeat(optionColumn)}${lines[0]}`;
  return [first, ...lines.slice(1).map((line) => " ".repeat(optionColumn) + line)].join("\n");
}

function exampleLines(examples: Command["examples"]): string[] {
  const width = Math.max(...examples.map(([line]) => line.length));
  return examples.map(([line, what]) => `  ${line.padEnd(width)}  # ${what}`);
}

function wrap(text: string, width: number): string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const last = lines[lines.length - 1];
    if (last !== "" && last.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = last === "" ? word : `${last} ${word}`;
  }
  return lines;
}
