/** Prints each test as it ends, with the details that it reported. */

import type { Reporter, TestCase } from "vitest/node";

export default class SeenReporter implements Reporter {
  onTestCaseResult(test: TestCase): void {
    const { state, errors = [] } = test.result();
    const { seen } = test.meta() as { readonly seen?: string };
    console.log(`${state}: ${test.name}${seen === undefined ? "" : `\n    ${seen}`}`);
    for (const { message } of errors) console.log(`    ${message}`);
  }

  onTestRunEnd(modules: readonly { ok(): boolean }[]): void {
    console.log(modules.every((module) => module.ok()) ? "all passed" : "some failed");
  }
}
