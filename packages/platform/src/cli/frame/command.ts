/** What a command of the command line is. */

import type { Arguments } from "./arguments.ts";
import type { CliContext } from "./context.ts";
import type { Offers, OptionSpec } from "./options.ts";

export interface Command {
  readonly name: string;
  /** One line for the list of commands. */
  readonly summary: string;
  /** What stands after the name. */
  readonly usage: string;
  /** Positional arguments at least and at most. */
  readonly operands: readonly [min: number, max: number];
  /** What completion offers in the place of the first one; files where this is left out. */
  readonly offers?: Offers;
  readonly options: readonly OptionSpec[];
  readonly examples: readonly (readonly [command: string, what: string])[];
  load(): Promise<CommandRun>;
}

export type CommandRun = (given: Arguments, context: CliContext) => Promise<void>;
