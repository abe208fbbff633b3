/** Makes another version of a detector the live one. */

import { updateDetector } from "../../store/tables/detectors.ts";
import { versionByNumber } from "../../store/tables/model-versions.ts";
import { change } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { type DetectorView, detectorView } from "./detector-view.ts";
import { lockUnchanged, noDetector } from "./detectors.ts";
import { noVersion } from "./versions.ts";

/** @throws NomalyError NOT_FOUND for the detector or the version; CONFLICT when the detector has another ETag. */
export async function activateVersion(
  context: ServiceContext,
  call: Call,
  id: string,
  { version, expectedTag }: { readonly version: number; readonly expectedTag: string | undefined },
): Promise<DetectorView> {
  const { value } = await change<DetectorView>(context, call, {
    action: "detector.activate",
    subjectKind: "detector",
    work: async (sql) => {
      const before = await lockUnchanged(sql, id, expectedTag);
      const row = await versionByNumber(sql, id, version);
      if (row === undefined) throw noVersion(id, version);
      const details = { model_version: version, before: before.modelVersion };
      if (before.modelVersion === version) return { value: detectorView(before), subjectId: id, details };
      const threshold = Number(row.trainingSummary["threshold"]);
      const after = await updateDetector(sql, id, { modelVersion: version, threshold });
      if (after === undefined) throw noDetector(id);
      return { value: detectorView(after), subjectId: id, details };
    },
  });
  return value;
}
