/** The order of test files: those that take longest start first, so that none of them runs on alone at the end. */

import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Ends of their paths. On a fresh checkout vitest knows no times and goes by the size of a file. */
export const longFiles = [
  "test/service/service-attack.test.ts",
  "test/faults/faults-kill.test.ts",
  "test/faults/faults-database.test.ts",
  "test/types/published.test.ts",
  "detect/test/conformance.test.ts",
  "detect/test/abort.test.ts",
  "detect/test/new-detector.test.ts",
  "detect/test/parity.test.ts",
];

export default class LongFilesFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => longFiles.some((end) => moduleId.endsWith(end));
    const sorted = await super.sort(files);
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))];
  }
}
