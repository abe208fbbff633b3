import { describe, expect, it } from "vitest";
import { detectors } from "../src/registry.ts";
import { compareWithReference, parityEntries, parityReason } from "../test-support/parity.ts";
import { parityCases, sharedFolder } from "../test-support/shared-data.ts";

describe.skipIf(sharedFolder === undefined)("parity with the reference library (needs the shared data)", () => {
  for (const parityCase of parityCases()) {
    it.each(parityEntries(parityCase, detectors))(
      `%s on ${parityCase.name} agrees to 1e-9, or it is known why not`,
      async (entry, scores, detector) => {
        const comparison = await compareWithReference(parityCase, entry, scores, detector);
        expect({ ...comparison, reason: parityReason(comparison) }).toMatchObject({ reason: expect.any(String) });
      },
    );
  }
});
