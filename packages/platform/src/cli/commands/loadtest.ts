/** `nomaly loadtest`: sends requests to a running service, and measures how it answers. */

import type { Arguments } from "../frame/arguments.ts";
import type { CliContext } from "../frame/context.ts";
import { loadTestKindOf } from "../load-testing/load-settings.ts";
import { openLoadOutputs } from "../load-testing/present-load.ts";
import { testDetection, testMixed } from "../load-testing/request-test.ts";
import { testTraining } from "../load-testing/training-test.ts";

const tests = { detection: testDetection, training: testTraining, mixed: testMixed } as const;

export async function runLoadTest(given: Arguments, context: CliContext): Promise<void> {
  const kind = loadTestKindOf(given);
  const outputs = openLoadOutputs(given, context);
  await outputs.present(await tests[kind](given, context));
}
