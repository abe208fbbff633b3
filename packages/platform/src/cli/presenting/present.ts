/** Shows a result as tables on the terminal or as JSON, and writes the output files. */

import { libraryVersion } from "@nomaly/detect";
import type { ReportContent } from "../../report/content.ts";
import { printable } from "../../report/printable.ts";
import { painter, terminalReport } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, note, say, sayJson, secondsSince } from "../frame/context.ts";
import type { Progress } from "../frame/progress-bar.ts";
import { type Outcome, outcomeContent } from "./outcome.ts";
import { outcomeJson } from "./outcome-json.ts";
import type { Outputs } from "./outputs.ts";
import { typedLine } from "./typed-line.ts";

/** @param startedAt start of the run, in milliseconds of the context's clock. */
export async function present(
  outcome: Outcome,
  given: Arguments,
  context: CliContext,
  { outputs, progress, startedAt }: { outputs: Outputs; progress: Progress; startedAt: number },
): Promise<void> {
  // Computed first, so that unusable labels are reported before anything is written.
  const figures = await outcomeContent(outcome);
  await outputs.writeRows(outcome, progress);
  const content: ReportContent = {
    ...figures,
    defaultShare: defaultShareOf(outcome, given),
    command: typedLine(given),
    seconds: secondsSince(context, startedAt),
    version: libraryVersion,
    createdAt: new Date().toISOString(),
  };
  await outputs.writeReport(async () => (await import("../../report/page.ts")).reportPage(content));
  if (given.has("json")) return sayJson(context, outcomeJson(content, outputs.written));
  const lines = [await terminalReport(content, context), ...closingLines(content, outputs, context)];
  // Rows on standard output must not be mixed with this text.
  if (outputs.takesStdout) context.stderr.write(`${lines.join("\n")}\n`);
  else say(context, lines.join("\n"));
}

function closingLines(content: ReportContent, outputs: Outputs, context: CliContext): string[] {
  const paint = painter(context.colour && !outputs.takesStdout);
  const lines = content.skipped.map(({ name, reason }) => `column ${printable(name)} is left out: ${printable(reason)}`);
  lines.push(...content.notes.map(printable));
  const { output, report } = outputs.written;
  if (output !== undefined && output !== "-") lines.push(`scored rows written to ${printable(output)}`);
  if (report !== undefined && report !== "-") lines.push(`report written to ${printable(report)}`);
  return ["", ...lines.map((line) => paint(line, "dim"))].slice(lines.length === 0 ? 1 : 0);
}

/** The share of anomalies that the threshold is made for, where nobody asked for one. */
function defaultShareOf({ model }: Outcome, given: Arguments): number | undefined {
  const { thresholdSpec } = model;
  const isAsked = given.command.name !== "detect" || given.has("contamination") || given.has("threshold");
  return isAsked || thresholdSpec.method !== "contamination" ? undefined : thresholdSpec.contamination;
}

export function warn(context: CliContext, notes: readonly string[]): void {
  for (const text of notes) note(context, text);
}
