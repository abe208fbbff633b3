/** Finds and runs the command, reports its error in one sentence, and returns the exit code. */

import { parseCommandLine, unknownName } from "./arguments.ts";
import { commands } from "../commands.ts";
import { type CliContext, note, say } from "./context.ts";
import { exitCodeOf, isCoded, TodoError } from "./exit-codes.ts";
import { commandHelp, overview } from "./help.ts";

export async function runCli(words: readonly string[], context: CliContext, version: string): Promise<number> {
  try {
    await dispatch(words, context, version);
    return 0;
  } catch (error) {
    // Clears a progress bar.
    if (context.stderrIsTerminal) context.stderr.write("\r\u001b[K");
    report(error, words.includes("--debug"), context);
    return exitCodeOf(error);
  } finally {
    context.temporary.removeAll();
  }
}

async function dispatch(words: readonly string[], context: CliContext, version: string): Promise<void> {
  const [first, ...rest] = words.filter((word, index) => !(index === 0 && word === "--debug"));
  if (first === undefined || first === "--help" || first === "-h") return say(context, overview());
  if (first === "--version" || first === "version") return say(context, version);
  if (first === "help" && rest.length === 0) return say(context, overview());
  const name = first === "help" ? rest[0] : first;
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined)
    throw await unknownName(
      "command",
      name,
      commands.map((candidate) => candidate.name),
    );
  const given = await parseCommandLine(command, first === "help" ? ["--help"] : rest);
  if (given.has("help")) return say(context, commandHelp(command));
  if (given.has("version")) return say(context, version);
  const run = await command.load();
  await run(given, context);
}

function report(error: unknown, debug: boolean, context: CliContext): void {
  if (isCoded(error)) note(context, `${error.code}: ${error.message}`);
  else if (error instanceof TodoError) note(context, error.message);
  else note(context, `INTERNAL: ${error instanceof Error ? error.message : String(error)}; please report this, with --debug`);
  if (!debug) return;
  for (let cause = error; cause instanceof Error; cause = cause.cause) context.stderr.write(`${cause.stack ?? cause.message}\n`);
}
