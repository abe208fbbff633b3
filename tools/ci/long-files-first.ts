/** The order of test files: those that take longest start first, so that none of them runs on alone at the end. */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Ends of their paths, the longest first. On a fresh checkout vitest knows no times and goes by the size of a file. */
export const longFiles = [
  "test/service/service-attack.test.ts",
  "detect/test/browser/browser.test.ts",
  "test/faults/faults-kill.test.ts",
  "test/faults/faults-database.test.ts",
  "test/types/published.test.ts",
  "test/command/command-attack.test.ts",
  "test/faults/faults-worker.test.ts",
  "detect/test/conformance.test.ts",
  "detect/test/new-detector.test.ts",
  "detect/test/accuracy.test.ts",
  "detect/test/abort.test.ts",
];

export default class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const long = longFiles.flatMap((end) => sorted.filter(({ moduleId }) => moduleId.endsWith(end)));
    return [...long, ...sorted.filter((file) => !long.includes(file))];
  }
}
