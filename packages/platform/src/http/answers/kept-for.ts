/** Keeps a result for `keptMs` after it was found; callers that ask while `find` runs wait for its result. */

export function keptFor<Value>(keptMs: number, find: () => Promise<Value>, now = () => performance.now()): () => Promise<Value> {
  let found: Promise<Value> | undefined;
  let endsAt = Infinity;
  return () => {
    if (found === undefined || endsAt <= now()) {
      endsAt = Infinity;
      found = find().finally(() => (endsAt = now() + keptMs));
    }
    return found;
  };
}
