/** Words for which checks were made of the rows, and how far they agree. */

import type { EnsembleMember } from "@nomaly/detect";
import type { MemberFinding, ReportContent } from "../content.ts";
import { countText, percentText } from "../wording.ts";

/** Of more detectors a row shows only how many find it. */
const namedMemberCountMax = 4;
/** Below this part of the default share the text says why so few rows are marked. */
const fewerShareMax = 0.8;

/** `knn, pca`, `6 of 20`: the detectors, of several, that find a row anomalous. Of members see {@link agreementText}. */
export function foundByText(members: readonly MemberFinding[]): string {
  if (members.some(({ looksAt }) => looksAt !== undefined)) return agreementText(members);
  const found = members.filter(({ isAnomaly }) => isAnomaly).map(({ algorithm }) => algorithm);
  if (found.length === 0) return "none alone";
  return members.length > namedMemberCountMax ? `${found.length} of ${members.length}` : found.join(", ");
}

/** `5 of 5`, `4 of 5: all but relations`, `2 of 5: neighbours`: how many members find a row anomalous, and what these look at. */
function agreementText(members: readonly MemberFinding[]): string {
  const found = members.filter(({ isAnomaly }) => isAnomaly);
  const count = `${found.length} of ${members.length}`;
  if (found.length === 0 || found.length === members.length) return count;
  const missed = members.filter(({ isAnomaly }) => !isAnomaly);
  return `${count}: ${missed.length === 1 ? `all but ${viewsText(missed, members)}` : viewsText(found, members)}`;
}

/** What some of the members look at; `neighbours (1 of 2)` where others look at the same. */
function viewsText(some: readonly MemberFinding[], all: readonly MemberFinding[]): string {
  const countIn = (members: readonly MemberFinding[], view: string | undefined) =>
    members.filter(({ looksAt }) => looksAt === view).length;
  const views = [...new Set(some.map(({ looksAt }) => looksAt))];
  return views
    .map((view) => {
      const [count, total] = [countIn(some, view), countIn(all, view)];
      return count === total ? view : `${view} (${count} of ${total})`;
    })
    .join(", ");
}

/** Which checks were made, and which were not and why; empty of a detector that asks no others. */
export function ensembleTexts(ensemble: ReportContent["ensemble"]): string[] {
  if (ensemble === undefined) return [];
  const made = `${countText(ensemble.members.length, "check")} of each row: ${membersText(ensemble.members)}`;
  return [made, ...absentTexts(ensemble).map((text) => `check left out: ${text}`)];
}

/** `relations (mcd): switched off`, `neighbours (knn, in another way): ...` beside a member that looks at the same; equal ones once. */
export function absentTexts({ members, leftOut }: NonNullable<ReportContent["ensemble"]>): string[] {
  const texts = leftOut.map(({ looksAt, detectorId, reason }) => {
    const isLookedAt = members.some((member) => member.looksAt === looksAt);
    return `${looksAt} (${detectorId}${isLookedAt ? ", in another way" : ""}): ${reason}`;
  });
  return [...new Set(texts)];
}

/**
 * `how sure: of the 333 anomalies, 39 % are found by all 5 checks (look at these first), 26 % by at most 2 (doubtful);
 * found means rare, not wrong`.
 * @param counts of anomalies by the number of members that find them, of at least two members.
 */
export function howSureText(counts: readonly number[], anomalyCount: number): string {
  const memberCount = counts.length - 1;
  const total = counts.reduce((sum, count) => sum + count, 0);
  const few = Math.floor(memberCount / 2);
  const fewCount = counts.slice(0, few + 1).reduce((sum, count) => sum + count, 0);
  const anomalies = countText(anomalyCount, "anomaly", "anomalies");
  const whole =
    total < anomalyCount
      ? `the ${anomalies} (counted on ${total.toLocaleString("en-US")} of them, spread evenly)`
      : `the ${anomalies}`;
  const isAny = counts[memberCount] > 0;
  const all = `${isAny ? `${percentText(counts[memberCount] / total)} are` : "none is"} found by all ${memberCount} checks`;
  const doubtful = fewCount === 0 ? "" : `, ${percentText(fewCount / total)} by at most ${few} (doubtful)`;
  return `how sure: of ${whole}, ${all}${isAny ? " (look at these first)" : ""}${doubtful}; found means rare, not wrong`;
}

/**
 * Said where nobody asked for a share of anomalies.
 * @param share of the rows that are anomalies. @param defaultShare that the threshold is made for.
 */
export function defaultShareText(share: number, defaultShare: number): string {
  const fewer = share < defaultShare * fewerShareMax ? " (fewer where scores are equal)" : "";
  return `about the strangest ${percentText(defaultShare)} of any file are marked${fewer}, however normal it is; --contamination changes that`;
}

/** `single values (isolation-forest), neighbours (knn, in 2 ways)`: what the members look at, and the detectors that do it. */
function membersText(members: readonly EnsembleMember[]): string {
  const views = new Map<string, string[]>();
  for (const { looksAt, detectorId } of members) views.set(looksAt, [...(views.get(looksAt) ?? []), detectorId]);
  return [...views].map(([looksAt, ids]) => `${looksAt} (${[...new Set(ids)].join(", ")}${waysText(ids)})`).join(", ");
}

function waysText(ids: readonly string[]): string {
  return ids.length === 1 ? "" : `, in ${ids.length} ways`;
}

/** What scores and ranks are, and what they are not. */
export const scoreNote =
  "score: only for ordering, not a probability; ranks above: the share of the rows learned from that have a lower score";

/** What the numbers of agreeing members mean; undefined of one member, with which nobody can agree. */
export function agreementNote(memberCount: number): string | undefined {
  if (memberCount < 2) return undefined;
  const all = `${memberCount} of ${memberCount}`;
  return `agree: how many of the ${memberCount} checks find the row, and which; ${all} means rare by every check, not wrong: rows that are rare but correct get ${all}, too`;
}
