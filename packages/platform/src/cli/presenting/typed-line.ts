/** The command line as one would type it, for reports. */

import type { Arguments } from "../frame/arguments.ts";

const secretOption = "--api-key";

/** Keys are left out. */
export function typedLine({ command, typed }: Pick<Arguments, "command" | "typed">): string {
  return ["nomaly", command.name, ...typed.map(withoutKey)].map(quoted).join(" ");
}

function withoutKey(word: string, index: number, typed: readonly string[]): string {
  if (typed[index - 1] === secretOption) return "...";
  return word.startsWith(`${secretOption}=`) ? `${secretOption}=...` : word;
}

function quoted(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
