/** An answer that is asked for more often than it changes. */

/** The answer holds for so long once it is there; whoever asks while it is looked for waits for the same one. */
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
