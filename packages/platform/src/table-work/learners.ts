/** Tells which detectors learn from further rows. */

import { detectorById, detectors, NomalyError } from "@nomaly/detect";

/** @param field the field of the request, or the option, that names the model. @throws NomalyError UNSUPPORTED naming those that can. */
export function requireLearner(detectorId: string, field: string): void {
  if (detectorById(detectorId).traits.learnsIncrementally) return;
  const able = detectors.filter(({ traits }) => traits.learnsIncrementally).map(({ id }) => id);
  const message = `${detectorId} does not learn from further rows, only ${able.join(", ")}: fit it again on all rows`;
  throw new NomalyError("UNSUPPORTED", message, { field, expected: able.join(", "), received: detectorId });
}
