/** The definition of a command. */

import type { Arguments } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import type { Offers, OptionSpec } from "./options.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** The text after the command's name. */
  readonly usage: string;
  /** Least and most positional arguments. */
  readonly operands: readonly [min: number, max: number];
  /** What completion offers for the first positional argument; by default files. */
  readonly offers?: Offers;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  load(): Promise<CommandRun>;
}

export type CommandRun = (given: Arguments, context: CliContext) => Promise<void>;
