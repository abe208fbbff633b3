/** `nomaly completion`: prints scripts that complete commands, options and values, made from the same definitions as the help. */

import { detectors, thresholdMethods } from "@nomaly/detect";
import { commands } from "../commands.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say } from "../frame/context.ts";
import { UsageError } from "../frame/exit-codes.ts";
import { loadTestKinds } from "../load-testing/load-settings.ts";
import { generalOptions, type Offers, type OptionSpec } from "../frame/options.ts";

export async function runCompletion(given: Arguments, context: CliContext): Promise<void> {
  const [shell] = given.operands;
  if (!Object.hasOwn(scripts, shell)) {
    throw new UsageError(`there are completion scripts for ${Object.keys(scripts).join(", ")}, not for "${shell}"`);
  }
  say(context, scripts[shell]());
}

const scripts: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };

function optionsOf(options: readonly OptionSpec[]): OptionSpec[] {
  return [...options, ...generalOptions];
}

const lists = {
  algorithms: detectors.map(({ id }) => id),
  "threshold methods": Object.keys(thresholdMethods),
  shells: Object.keys(scripts),
  "load tests": loadTestKinds,
};

function listOf(offers: Offers | undefined): readonly string[] | undefined {
  return typeof offers === "string" ? lists[offers] : offers;
}

/** Values to offer after an option; undefined if only the user knows them. */
function choicesOf({ choices, offers }: OptionSpec): readonly string[] | undefined {
  return choices ?? listOf(offers);
}

function flags({ name, short }: OptionSpec): string[] {
  return [`--${name}`, ...(short === undefined ? [] : [`-${short}`])];
}

function bashScript(): string {
  const cases = commands.map((command) => {
    const words = optionsOf(command.options).flatMap(flags).join(" ");
    return `    ${command.name}) words="${words}" operands="${(listOf(command.offers) ?? []).join(" ")}" ;;`;
  });
  const choices = new Map(
    commands
      .flatMap(({ options }) => options)
      .map((option) => [flags(option).join("|"), choicesOf(option)] as const)
      .filter(([, values]) => values !== undefined),
  );
  const choiceCases = [...choices].map(
    ([names, values]) => `    ${names}) COMPREPLY=($(compgen -W "${(values ?? []).join(" ")}" -- "$current")); return ;;`,
  );
  return [
    "# nomaly completion for bash",
    "_nomaly() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words="" operands=""',
    '  case "$previous" in',
    ...choiceCases,
    "  esac",
    '  if [ "$COMP_CWORD" -eq 1 ]; then',
    `    COMPREPLY=($(compgen -W "${commands.map(({ name }) => name).join(" ")} --help --version" -- "$current")); return`,
    "  fi",
    '  case "${COMP_WORDS[1]}" in',
    ...cases,
    "  esac",
    '  case "$current" in',
    '    -*) COMPREPLY=($(compgen -W "$words" -- "$current")); return ;;',
    "  esac",
    '  if [ -n "$operands" ]; then COMPREPLY=($(compgen -W "$operands" -- "$current")); return; fi',
    "  # File names may hold spaces.",
    "  local IFS=$'\\n'",
    '  COMPREPLY=($(compgen -f -- "$current"))',
    "}",
    "complete -o filenames -F _nomaly nomaly",
  ].join("\n");
}

function zshScript(): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const cases = commands.map((command) => {
    const specs = optionsOf(command.options).map(zshOption);
    const operands = listOf(command.offers);
    const rest = operands === undefined ? "'*:file:_files'" : `'1:name:(${operands.join(" ")})'`;
    return [`    ${command.name})`, `      _arguments ${specs.join(" ")} ${rest} ;;`].join("\n");
  });
  return [
    "#compdef nomaly",
    "_nomaly() {",
    "  local -a commands",
    "  commands=(",
    ...list,
    "  )",
    "  if (( CURRENT == 2 )); then",
    "    _describe command commands",
    "    return",
    "  fi",
    '  local command="${words[2]}"',
    '  words=("${words[1]} ${words[2]}" "${words[@]:2}")',
    "  (( CURRENT-- ))",
    '  case "$command" in',
    ...cases,
    "  esac",
    "}",
    'if [ "$funcstack[1]" = "_nomaly" ]; then _nomaly "$@"; else compdef _nomaly nomaly; fi',
  ].join("\n");
}

function zshOption(option: OptionSpec): string {
  const { value, summary, repeated } = option;
  const choices = choicesOf(option);
  const action = choices === undefined ? "_files" : `(${choices.join(" ")})`;
  const tail = `[${zshText(summary)}]${value === undefined ? "" : `:${zshText(value)}:${action}`}`;
  return flags(option)
    .map((flag) => `'${repeated === true ? "*" : ""}${flag}${tail}'`)
    .join(" ");
}

function zshText(text: string): string {
  return text.replaceAll("'", "").replaceAll(/[[\]:]/g, "");
}

function fishScript(): string {
  const lines = [
    "# nomaly completion for fish",
    "complete -c nomaly -n __fish_use_subcommand -l help",
    "complete -c nomaly -n __fish_use_subcommand -l version",
  ];
  for (const command of commands) {
    const { name, summary, options } = command;
    lines.push(`complete -c nomaly -n __fish_use_subcommand -f -a ${name} -d ${fishText(summary)}`);
    const operands = listOf(command.offers);
    if (operands !== undefined) {
      lines.push(`complete -c nomaly -n '__fish_seen_subcommand_from ${name}' -f -a '${operands.join(" ")}'`);
    }
    for (const option of optionsOf(options)) {
      const { name: long, short, value, summary } = option;
      const choices = choicesOf(option);
      const parts = [`complete -c nomaly -n '__fish_seen_subcommand_from ${name}' -l ${long}`];
      if (short !== undefined) parts.push(`-s ${short}`);
      if (value !== undefined) parts.push("-r");
      if (choices !== undefined) parts.push(`-f -a '${choices.join(" ")}'`);
      parts.push(`-d ${fishText(summary)}`);
      lines.push(parts.join(" "));
    }
  }
  return lines.join("\n");
}

function fishText(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
