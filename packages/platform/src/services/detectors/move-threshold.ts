/** Moves the threshold of a detector without training: makes a version of the same model with another threshold. */

import { controlOf, type Call, type ServiceContext } from "../core/context.ts";
import { type DetectorView, detectorView } from "./detector-view.ts";
import { deriveVersion } from "./derive-version.ts";
import { storedLiveVersion } from "./live-model.ts";

export interface ThresholdAsk {
  /** A score as `{ value }`, a share as `{ contamination }`, or a method with its parameters. */
  readonly threshold: Readonly<Record<string, unknown>>;
  readonly expectedTag: string | undefined;
}

/** @throws NomalyError PARAM; UNSUPPORTED for a method that needs scores that the model does not keep; CONFLICT. */
export function moveThreshold(
  context: ServiceContext,
  call: Call,
  id: string,
  { threshold, expectedTag }: ThresholdAsk,
): Promise<DetectorView> {
  const isScore = threshold["method"] === undefined && threshold["value"] !== undefined;
  const given = isScore ? { method: "fixed", ...threshold } : threshold;
  return deriveVersion<DetectorView>(context, call, {
    action: "detector.threshold",
    origin: "threshold",
    expectedTag,
    make: async () => {
      const base = await storedLiveVersion(context, id);
      const work = { change: { kind: "threshold", threshold: given }, model: { versionId: base.id } } as const;
      return { base, changed: await context.compute.changeModel(work, controlOf(call)) };
    },
    valueOf: ({ row, detector }, { base, changed }) => {
      const { threshold: after, thresholdSpec } = changed.summary;
      const details = { model_version: row.version, based_on: base.version, threshold: after, method: thresholdSpec.method };
      return { value: detectorView(detector), details };
    },
  });
}
