/** The known name nearest to a mistyped one. */

/** Longest name compared, so that hostile input stays cheap. */
const nameLengthMax = 64;

/** The candidate within a third of the word's length in edits (at least 2), the first of equals; else undefined. */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  if (word.length > nameLengthMax) return undefined;
  const lower = word.toLowerCase();
  let best: string | undefined;
  let bestDistance = Math.max(2, Math.floor(word.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(lower, candidate.toLowerCase());
    // Two words without a letter in common are not alike, however short.
    if (distance < bestDistance && distance < Math.max(lower.length, candidate.length)) {
      bestDistance = distance;
      best = candidate;
    }
  }
  return best;
}

/** Levenshtein distance, one row of the table at a time. */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = previous[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(previous[j] + 1, current[j - 1] + 1, replace));
    }
    previous = current;
  }
  return previous[b.length];
}
