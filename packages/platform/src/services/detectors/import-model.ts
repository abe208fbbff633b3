/** Takes model files from outside: as a new detector, or as a new version of one. */

import { type CheckedModel } from "../../compute/work.ts";
import { NomalyError, snakeCase } from "@nomaly/detect";
import { fileTimeMs } from "../../compute/compute.ts";
import { newId } from "../../ids/ids.ts";
import { insertDetector } from "../../store/tables/detectors.ts";
import { change, type Done } from "../core/change.ts";
import { type Call, controlOf, type ServiceContext } from "../core/context.ts";
import { withPlacedContent } from "../core/placed-content.ts";
import { type DetectorOptions, type DetectorView, detectorView } from "./detector-view.ts";
import { defaultContamination, getDetector, lockUnchanged, requireUsable } from "./detectors.ts";
import { storeLive } from "./new-version.ts";
import { placeSent, type SentModel } from "./placed-model.ts";

/** The longest list of columns and the longest name that a detector's options may have. */
const optionColumnsMax = 10_000;
const optionNameLengthMax = 1000;

/** Makes a detector of a model file; its settings are those of the file. @throws NomalyError MODEL_FILE, UNKNOWN_DETECTOR, TOO_LARGE. */
export async function importDetector(
  context: ServiceContext,
  call: Call,
  { name, file }: { readonly name: string; readonly file: SentModel },
): Promise<Done<DetectorView>> {
  const model = await checked(context, call, file);
  const settings = settingsOf(model);
  requireUsable(settings.algorithmName, settings.hyperparameters, settings.options);
  const placed = await placeSent(context, file, call.signal);
  return withPlacedContent(context, placed.content, (commits) =>
    change<DetectorView>(context, call, {
      action: "detector.import",
      subjectKind: "detector",
      work: async (sql) => {
        const { id } = await insertDetector(sql, { id: newId(), name, ...settings });
        const made = { ...placed, summary: model.summary, origin: "imported", isForeign: true } as const;
        const { row, detector } = await storeLive(sql, id, made, context.config);
        return { value: detectorView(detector), subjectId: id, details: { model_version: row.version, checksum: file.checksum } };
      },
      status: 201,
      finish: async () => commits(),
    }),
  );
}

export interface ImportedVersion {
  readonly id: string;
  readonly file: SentModel;
  readonly expectedTag: string | undefined;
}

/** Stores a model file as the live version of a detector, whose settings stay as they are. @throws NomalyError CONFLICT for another algorithm. */
export async function importVersion(
  context: ServiceContext,
  call: Call,
  { id, file, expectedTag }: ImportedVersion,
): Promise<Done<DetectorView>> {
  const { algorithm_name: algorithmName } = await getDetector(context, id);
  const { summary } = await checked(context, call, file);
  if (summary.detectorId !== algorithmName) {
    const message = `the model file is of ${summary.detectorId}, the detector of ${algorithmName}: POST /api/detectors/import makes a new detector of it`;
    throw new NomalyError("CONFLICT", message, { field: "body", expected: algorithmName, received: summary.detectorId });
  }
  const placed = await placeSent(context, file, call.signal);
  return withPlacedContent(context, placed.content, (commits) =>
    change<DetectorView>(context, call, {
      action: "detector.import",
      subjectKind: "detector",
      work: async (sql) => {
        await lockUnchanged(sql, id, expectedTag);
        const { row, detector } = await storeLive(
          sql,
          id,
          { ...placed, summary, origin: "imported", isForeign: true },
          context.config,
        );
        const details = { model_version: row.version, checksum: file.checksum };
        return { value: detectorView(detector), subjectId: id, details };
      },
      finish: async () => commits(),
    }),
  );
}

async function checked({ compute }: ServiceContext, call: Call, file: SentModel): Promise<CheckedModel> {
  if (file.sizeBytes === 0) throw new NomalyError("REQUEST", "the body is empty; a model file is expected", { field: "body" });
  const allow = () => call.allowTime?.(fileTimeMs(file.sizeBytes));
  try {
    // Extended again when the work begins, as other requests before it may take long.
    return await compute.checkModel(file, { ...controlOf(call), begun: allow });
  } catch (error) {
    // The field is of the request, not of the file; the message names the part of the file.
    const isAboutFile = error instanceof NomalyError && ["MODEL_FILE", "UNKNOWN_DETECTOR"].includes(error.code);
    throw isAboutFile ? error.retold({ field: "body" }) : error;
  }
}

/** The settings with which the next training makes a model like that of the file. */
function settingsOf({ summary, preparation }: CheckedModel) {
  const { detectorId: algorithmName, params, seed, thresholdSpec } = summary;
  const { columns, ...prepared } = preparation;
  const isListable = columns !== undefined && columns.length <= optionColumnsMax && columns.every(isShort);
  const options: DetectorOptions = {
    ...prepared,
    seed,
    ...(isListable ? { columns } : {}),
    ...(thresholdSpec.method === "contamination" ? {} : { threshold: thresholdSpec }),
  };
  const hyperparameters = Object.fromEntries(Object.entries(params).map(([name, value]) => [snakeCase(name), value]));
  const contamination = thresholdSpec.method === "contamination" ? thresholdSpec.contamination : defaultContamination;
  return { algorithmName, hyperparameters, contamination, options };
}

function isShort(name: string): boolean {
  return name !== "" && name.length <= optionNameLengthMax;
}
