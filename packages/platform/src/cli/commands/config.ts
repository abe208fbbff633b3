/** `nomaly config`: every setting of the service, its value and where that came from. */

import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { say, sayJson } from "../frame/context.ts";
import { serviceConfig } from "../frame/service-config.ts";

export async function runConfig(given: Arguments, context: CliContext): Promise<void> {
  const { settings } = serviceConfig(given);
  if (given.has("json")) return sayJson(context, settings);
  const paint = painter(context.colour);
  const width = Math.max(...settings.map(({ name }) => name.length));
  const shownWidth = Math.max(...settings.map(({ shown }) => shown.length));
  const lines = settings.map(
    ({ name, shown, source, variable, summary }) =>
      `${paint(name.padEnd(width), "bold")}  ${shown.padEnd(shownWidth)}  ${source.padEnd(12)}  ${paint(`${summary} (${variable})`, "dim")}`,
  );
  say(context, lines.join("\n"));
}
