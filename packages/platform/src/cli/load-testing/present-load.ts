/** Shows a load test, writes its page, and fails where a limit was missed. */

import { libraryVersion, NomalyError } from "@nomaly/detect";
import { openDestination, writeWhole } from "../../files/write/destination.ts";
import { loadTerminal } from "../../report/load-test/load-terminal.ts";
import { printable } from "../../report/printable.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { TodoError } from "../frame/exit-codes.ts";
import { isStandardOutput, refuseSameFile, refuseSharedStdout } from "../presenting/output-paths.ts";
import { typedLine } from "../presenting/typed-line.ts";
import { allExpectations, loadContent, loadJson, type LoadOutcome } from "./load-outcome.ts";

export interface LoadOutputs {
  /** @throws TodoError for a missed limit and for no success, NomalyError ABORTED where the test was stopped, each after the result is shown. */
  present(outcome: LoadOutcome): Promise<void>;
}

/** Checks before the test that the page can be written. */
export function openLoadOutputs(given: Arguments, context: CliContext): LoadOutputs {
  const report = given.text("report");
  refuseSharedStdout([
    ["--report", report],
    ["--json", given.has("json") ? "-" : undefined],
  ]);
  refuseSameFile([
    ["--data", given.text("data")],
    ["the scenario", given.operands[1]],
    ["--report", report],
  ]);
  const page = report === undefined ? undefined : openDestination(report, context.temporary, context.stdout);

  return {
    async present(outcome) {
      const content = {
        ...loadContent(outcome),
        command: typedLine(given),
        version: libraryVersion,
        createdAt: new Date().toISOString(),
      };
      if (page !== undefined) await writeWhole(page, (await import("../../report/load-test/load-page.ts")).loadPage(content));
      if (given.has("json")) sayJson(context, loadJson(outcome));
      else {
        const text = await loadTerminal(content, context);
        const written = report === undefined ? "" : `\nreport written to ${printable(report)}`;
        // A page on standard output must not be mixed with this text.
        if (report !== undefined && isStandardOutput(report)) context.stderr.write(`${text}\n`);
        else say(context, text + written);
      }
      judge(outcome);
    },
  };
}

function judge(outcome: LoadOutcome): void {
  const seconds = (outcome.elapsedMs / 1000).toFixed(1);
  if (outcome.isStopped) throw new NomalyError("ABORTED", `the load test was stopped: its figures are those of ${seconds} s`);
  const all = allExpectations(outcome);
  const missed = all
    .filter(({ is_met: isMet }) => !isMet)
    .map(({ where, expectation, value }) => `${where}${expectation} (${value ?? "no value"})`);
  if (missed.length > 0) throw new TodoError(`${missed.length} of ${all.length} limits missed: ${missed.join(", ")}`);
  if (outcome.successCount === 0) throw new TodoError("no request succeeded");
}
