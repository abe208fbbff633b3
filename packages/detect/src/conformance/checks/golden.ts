/** Compares scores with golden scores kept in a file. */

import type { Check } from "../check.ts";
import { gapOf } from "../compare.ts";
import { goldenScoresOf } from "../golden-scores.ts";

/** Tolerance for the last bits of exp, log and sin, which engines may round differently. */
const goldenGap = 1e-9;

export const goldenChecks: readonly Check[] = [
  {
    name: "golden-scores",
    claim: "Default parameters give the scores that were kept, to a billionth of their spread.",
    exempts: (_traits, subject) => (subject.golden === undefined ? "no scores were given to compare with" : undefined),
    run: async (subject, report) => {
      const actual = await goldenScoresOf(subject);
      for (const part of ["train", "fresh"] as const) {
        const expected = subject.golden?.[part] ?? [];
        const gap = gapOf(actual[part], expected);
        if (!(gap <= goldenGap))
          report(`${part}: ${gap.toExponential(1)} of the spread away: ${actual[part].slice(0, 3).join(", ")} ...`);
      }
    },
  },
];
