/** Measures whether the members of an ensemble are right more often where they agree. */

import type { Library } from "../src/library/library.ts";
import type { DetectorParams } from "../src/registry.ts";
import type { LabelledSet } from "./shared-data.ts";

/** Rows, and how many of them are judged rightly or are true anomalies. */
export interface Share {
  readonly rowCount: number;
  readonly count: number;
}

export interface Agreement {
  /** Rows that all members find anomalous, or none; those whose label is right. */
  readonly allAgree: Share;
  /** The other rows. */
  readonly otherwise: Share;
  /** Rows that all members find anomalous; the true anomalies among them. */
  readonly foundByAll: Share;
  /** Rows that one or two members find anomalous. */
  readonly foundByFew: Share;
}

export interface AutoFigures {
  readonly agreement: Agreement;
  readonly scores: Float64Array;
}

/** Most members that are called few. */
const fewMax = 2;

/** Fits auto to the rows as they are, with its default threshold. */
export async function autoFigures(
  { detect }: Pick<Library<DetectorParams>, "detect">,
  { rows, labels }: LabelledSet,
  seed: number,
): Promise<AutoFigures> {
  const found = await detect(rows, { detector: "auto", seed });
  const votes = found.model.votes(rows).map((list) => list.reduce((sum, { label }) => sum + label, 0));
  const memberCount = found.model.ensemble?.members.length ?? 0;
  const isUnanimous = (count: number) => count === 0 || count === memberCount;
  const shareOf = (isMeant: (count: number) => boolean, isCounted: (row: number) => boolean): Share => {
    const meant = [...votes.keys()].filter((row) => isMeant(votes[row]));
    return { rowCount: meant.length, count: meant.filter(isCounted).length };
  };
  const isRight = (row: number) => found.labels[row] === labels[row];
  const isAnomaly = (row: number) => labels[row] === 1;
  return {
    scores: found.scores,
    agreement: {
      allAgree: shareOf(isUnanimous, isRight),
      otherwise: shareOf((count) => !isUnanimous(count), isRight),
      foundByAll: shareOf((count) => count === memberCount, isAnomaly),
      foundByFew: shareOf((count) => count > 0 && count <= fewMax, isAnomaly),
    },
  };
}

/** The sum of the shares of several fits. */
export function addedAgreement(all: readonly Agreement[]): Agreement {
  const sum = (name: keyof Agreement): Share => ({
    rowCount: all.reduce((total, one) => total + one[name].rowCount, 0),
    count: all.reduce((total, one) => total + one[name].count, 0),
  });
  return {
    allAgree: sum("allAgree"),
    otherwise: sum("otherwise"),
    foundByAll: sum("foundByAll"),
    foundByFew: sum("foundByFew"),
  };
}

export function shareOf({ rowCount, count }: Share): number {
  return rowCount === 0 ? 0 : count / rowCount;
}
