/** Which rows of a result this person has seen, kept until the tab is closed. */

import { useState } from "preact/hooks";

const seenCountMax = 10_000;

export function useSeen(resultId: string): readonly [ReadonlySet<number>, (row: number, isSeen: boolean) => void] {
  const name = `nomaly-seen-${resultId}`;
  const [seen, setSeen] = useState(() => new Set(storedRows(name)));
  const change = (row: number, isSeen: boolean) => {
    const next = new Set(seen);
    if (isSeen) next.add(row);
    else next.delete(row);
    sessionStorage.setItem(name, JSON.stringify([...next].slice(-seenCountMax)));
    setSeen(next);
  };
  return [seen, change];
}

function storedRows(name: string): readonly number[] {
  try {
    const rows: unknown = JSON.parse(sessionStorage.getItem(name) ?? "[]");
    return Array.isArray(rows) ? rows.filter((row) => typeof row === "number") : [];
  } catch {
    // What stands there is not ours.
    return [];
  }
}
