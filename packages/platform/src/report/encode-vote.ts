/** Encodes what the members of an ensemble say of a row as JSON, for the service and for the command line. */

import type { EnsembleMember, Vote } from "@nomaly/detect";

/** What one member of an ensemble says of a row. */
export interface EncodedVote {
  readonly algorithm: string;
  /** What the member looks at, in a word or two. */
  readonly looks_at: string;
  readonly is_anomaly: boolean;
  /** The row's mid-rank among the member's training scores, 0 to 1. */
  readonly rank: number;
}

/** @param votes in the order of the members. */
export function encodeVotes(members: readonly EnsembleMember[], votes: readonly Vote[]): EncodedVote[] {
  return votes.map(({ label, rank }, at) => {
    const { detectorId, looksAt } = members[at];
    return { algorithm: detectorId, looks_at: looksAt, is_anomaly: label === 1, rank };
  });
}
