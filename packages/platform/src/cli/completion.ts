/** `nomaly completion`: scripts that complete commands and options, made from the same definitions as the help. */

import { commands } from "./commands.ts";
import type { Arguments } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import { say } from "./context.ts";
import { UsageError } from "./exit-codes.ts";
import type { OptionSpec } from "./options.ts";
import { generalOptions } from "./options.ts";

export async function runCompletion(given: Arguments, context: CliContext): Promise<void> {
  const [shell] = given.operands;
  const scripts: Readonly<Record<string, () => string>> = { bash: bashScript, zsh: zshScript, fish: fishScript };
  if (!Object.hasOwn(scripts, shell)) throw new UsageError(`completion is there for bash, zsh and fish, not for "${shell}"`);
  say(context, scripts[shell]());
}

function optionsOf(options: readonly OptionSpec[]): OptionSpec[] {
  return [...options, ...generalOptions];
}

function flags(options: readonly OptionSpec[]): string {
  return optionsOf(options)
    .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])])
    .join(" ");
}

function bashScript(): string {
  const cases = commands.map(({ name, options }) => `    ${name}) words="${flags(options)}" ;;`);
  const choices = new Map(
    commands
      .flatMap(({ options }) => options)
      .flatMap(({ name, choices }) => (choices === undefined ? [] : [[name, choices] as const])),
  );
  const choiceCases = [...choices].map(
    ([name, values]) => `    --${name}) COMPREPLY=($(compgen -W "${values.join(" ")}" -- "$current")); return ;;`,
  );
  return [
    "# nomaly completion for bash",
    "_nomaly() {",
    '  local current="${COMP_WORDS[COMP_CWORD]}" previous="${COMP_WORDS[COMP_CWORD-1]}" words=""',
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
    '    -*) COMPREPLY=($(compgen -W "$words" -- "$current")) ;;',
    '    *) COMPREPLY=($(compgen -f -- "$current")) ;;',
    "  esac",
    "}",
    "complete -o filenames -F _nomaly nomaly",
  ].join("\n");
}

function zshScript(): string {
  const list = commands.map(({ name, summary }) => `    '${name}:${zshText(summary)}'`);
  const cases = commands.map(({ name, options }) => {
    const specs = optionsOf(options).map(zshOption);
    return [`    ${name})`, `      _arguments ${specs.join(" ")} '*:file:_files' ;;`].join("\n");
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

function zshOption({ name, value, summary, choices }: OptionSpec): string {
  const action = choices === undefined ? "_files" : `(${choices.join(" ")})`;
  return `'--${name}[${zshText(summary)}]${value === undefined ? "" : `:${zshText(value)}:${action}`}'`;
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
  for (const { name, summary, options } of commands) {
    lines.push(`complete -c nomaly -n __fish_use_subcommand -f -a ${name} -d ${fishText(summary)}`);
    for (const option of optionsOf(options)) {
      const { name: long, short, value, choices, summary } = option;
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
