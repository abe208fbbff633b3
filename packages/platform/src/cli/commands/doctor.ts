/** `nomaly doctor`: asks a running service what is wrong with it. */

import { createClient, type Diagnosis, ServiceError } from "../../client/index.ts";
import { painter } from "../../report/terminal.ts";
import type { Arguments } from "../frame/arguments.ts";
import { type CliContext, say, sayJson } from "../frame/context.ts";
import { TodoError, UsageError } from "../frame/exit-codes.ts";

const urlDefault = "http://127.0.0.1:8080";

export async function runDoctor(given: Arguments, context: CliContext): Promise<void> {
  const url = given.text("url") ?? urlDefault;
  const diagnosis = await asked(url, context);
  if (given.has("json")) sayJson(context, diagnosis);
  else say(context, diagnosisText(diagnosis, context.colour));
  const urgent = diagnosis.findings.filter(({ severity }) => severity !== "info");
  if (urgent.length > 0) throw new TodoError(`${urgent.length} of ${diagnosis.checks.length} checks found something to do`);
}

/** A service that does not answer is a finding, too: the first that anybody wants to know. */
async function asked(url: string, context: CliContext): Promise<Diagnosis> {
  try {
    const client = createClient({ url, apiKey: process.env["NOMALY_API_KEY"] || undefined, retries: 0, timeoutMs: 15_000 });
    return await client.performance.doctor({ signal: context.signal });
  } catch (error) {
    if (error instanceof TypeError) throw new UsageError(`--url must be an address such as ${urlDefault}, got "${url}"`);
    if (!(error instanceof ServiceError)) throw error;
    const isRefused = error.status === 401 || error.status === 403;
    return {
      status: "critical",
      findings: [
        {
          id: "service",
          severity: "critical",
          finding: isRefused ? `${url} wants another key: ${error.detail}` : `${url} gives no diagnosis: ${error.detail}`,
          next_step: isRefused
            ? "put a key of the scope read into NOMALY_API_KEY: `nomaly keys create doctor --scope read`"
            : "look whether `nomaly serve` runs there, and at its log; --url names another place",
        },
      ],
      checks: [{ id: "service", looks_at: "whether the service answers" }],
    };
  }
}

const colours = { critical: "red", warning: "cyan", info: "dim" } as const;

function diagnosisText({ findings, checks }: Diagnosis, hasColour: boolean): string {
  if (findings.length === 0) return `Nothing is wrong: ${checks.length} checks found nothing.`;
  const paint = painter(hasColour);
  return findings
    .map(({ id, severity, finding, next_step: nextStep }) => {
      return `${paint(severity.padEnd(8), colours[severity])}  ${paint(id, "bold")}: ${finding}\n          ${nextStep}`;
    })
    .join("\n");
}
