/** Makes a version from the live one and stores it as live, unless another version has become live meanwhile: then it begins again. */

import { NomalyError } from "@nomaly/detect";
import type { ChangedModel } from "../../compute/work.ts";
import type { Sql } from "../../store/postgres/sql.ts";
import type { DetectorRow } from "../../store/tables/detectors.ts";
import type { ModelVersionRow } from "../../store/tables/model-versions.ts";
import { change, type Changed } from "../core/change.ts";
import type { Call, ServiceContext } from "../core/context.ts";
import { withPlacedContent } from "../core/placed-content.ts";
import { lockUnchanged } from "./detectors.ts";
import { type StoredVersion, storeLive } from "./new-version.ts";
import { placeMade } from "./placed-model.ts";

/** How often a version is made anew because another became live meanwhile. */
const triesMax = 5;

export interface Made {
  readonly base: ModelVersionRow;
  readonly changed: ChangedModel;
}

export interface Derivation<Value> {
  readonly action: string;
  readonly origin: "updated" | "threshold";
  /** Makes the model; called again for each try. */
  readonly make: () => Promise<Made>;
  readonly expectedTag?: string | undefined;
  readonly datasetId?: string | null;
  readonly job?: { readonly id: string; readonly holdIn: (sql: Sql) => Promise<void> } | undefined;
  readonly valueOf: (stored: StoredVersion, made: Made) => Pick<Changed<Value>, "value" | "details">;
  /** The last statements of the transaction. */
  readonly finish?: (sql: Sql, value: Value) => Promise<void>;
}

/** @throws NomalyError CONFLICT when another version became live during every try, and for the tag; the errors of `make`. */
export async function deriveVersion<Value>(context: ServiceContext, call: Call, derivation: Derivation<Value>): Promise<Value> {
  for (let tries = 1; ; tries++) {
    const made = await derivation.make();
    const overtaken = overtakenError(made.base);
    try {
      return await store(context, call, derivation, { made, overtaken });
    } catch (error) {
      if (error !== overtaken || tries >= triesMax) throw error;
      call.signal.throwIfAborted();
    }
  }
}

async function store<Value>(
  context: ServiceContext,
  call: Call,
  { action, origin, expectedTag, datasetId = null, job, valueOf, finish }: Derivation<Value>,
  { made, overtaken }: { readonly made: Made; readonly overtaken: NomalyError },
): Promise<Value> {
  const { base, changed } = made;
  const placed = await placeMade(context, changed);
  // The rows of the first training are counted once: what was learned later is not among the training scores.
  const summary = { ...changed.summary, rowCount: Number(base.trainingSummary["rowCount"] ?? changed.summary.rowCount) };
  const { isForeign, version: basedOn } = base;
  const version = { ...placed, summary, origin, basedOn, isForeign, datasetId, jobId: job?.id ?? null };
  return withPlacedContent(context, placed.content, async (commits) => {
    let isUsed = false;
    const { value } = await change<Value>(context, call, {
      action,
      subjectKind: "detector",
      work: async (sql) => {
        await job?.holdIn(sql);
        const before: DetectorRow = await lockUnchanged(sql, base.detectorId, expectedTag);
        if (before.modelVersion !== base.version) throw overtaken;
        const stored = await storeLive(sql, base.detectorId, version, context.config);
        isUsed = stored.isNew;
        return { ...valueOf(stored, made), subjectId: base.detectorId };
      },
      finish: async (sql, stored) => {
        await finish?.(sql, stored);
        if (isUsed) commits();
      },
    });
    return value;
  });
}

function overtakenError({ detectorId, version }: ModelVersionRow): NomalyError {
  const message = `another version than ${version} became the live one of detector ${detectorId} meanwhile: send the request again`;
  return new NomalyError("CONFLICT", message, { field: "model_version", expected: String(version) });
}
