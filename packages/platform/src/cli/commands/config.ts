/** `nomaly config`: lists every setting of the service, its value and its source. */

import { alignedLines, widthFor } from "../../report/columns.ts";
import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { serviceConfig } from "../frame/service-config.ts";

export async function runConfig(given: Arguments, context: CliContext): Promise<void> {
  const { settings } = serviceConfig(given, context);
  if (given.has("json")) return sayJson(context, settings);
  const paint = painter(context.colour);
  const table = settings.map(({ name, shown, source, variable, summary }) => [
    paint(name, "bold"),
    shown,
    source,
    paint(`${summary} (${variable})`, "dim"),
  ]);
  const lines = alignedLines(table, [0, 1, 2, 3], await widthFor(settings.map(({ shown }) => shown)));
  say(context, lines.join("\n"));
}
