/** Files that import one another in a circle, type-only imports included: nobody can read one of them without all others. */

/** @returns each group of files that reach one another, of more than one file, sorted by path. */
export function circlesOf(imports: ReadonlyMap<string, readonly string[]>): string[][] {
  const circles: string[][] = [];
  const placed = new Set<string>();
  for (const path of imports.keys()) {
    if (placed.has(path)) continue;
    const ahead = reachedFrom(path, imports);
    const circle = [...ahead].filter((other) => reachedFrom(other, imports).has(path)).toSorted();
    for (const member of circle) placed.add(member);
    if (circle.length > 1) circles.push(circle);
  }
  return circles;
}

/** All files that a file reaches by its imports; itself only where a circle leads back to it. */
function reachedFrom(path: string, imports: ReadonlyMap<string, readonly string[]>): Set<string> {
  const reached = new Set<string>();
  const pending = [path];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    for (const target of imports.get(next) ?? []) {
      if (reached.has(target)) continue;
      reached.add(target);
      pending.push(target);
    }
  }
  return reached;
}
