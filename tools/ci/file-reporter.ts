/** Prints a line for each test file as it ends, which the check passes on. */

import { relative } from "node:path";
import type { Reporter, TestModule } from "vitest/node";
import { fileLineStart } from "./ci-tests.ts";

export default class FileReporter implements Reporter {
  onTestModuleEnd(module: TestModule): void {
    const seconds = (module.diagnostic().duration / 1000).toFixed(1).padStart(8);
    const file = relative(module.project.config.root, module.moduleId).replaceAll("\\", "/");
    console.log(`${fileLineStart}${seconds} s  ${file}${module.ok() ? "" : "  FAILED"}`);
  }
}
