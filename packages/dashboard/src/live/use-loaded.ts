/** Something that is asked of the service, as state of a component. */

import { useEffect, useState } from "preact/hooks";

export type Loaded<Value> =
  | { readonly state: "loading" }
  | { readonly state: "ready"; readonly value: Value }
  | { readonly state: "failed"; readonly error: unknown };

/** Loads anew when `names` change. The function loads once more. */
export function useLoaded<Value>(
  load: (signal: AbortSignal) => Promise<Value>,
  names: readonly unknown[],
): readonly [Loaded<Value>, () => void] {
  const [loaded, setLoaded] = useState<Loaded<Value>>({ state: "loading" });
  const [round, setRound] = useState(0);
  useEffect(() => {
    const ending = new AbortController();
    const { signal } = ending;
    setLoaded({ state: "loading" });
    load(signal).then(
      (value) => !signal.aborted && setLoaded({ state: "ready", value }),
      (error: unknown) => !signal.aborted && setLoaded({ state: "failed", error }),
    );
    return () => ending.abort();
  }, [...names, round]);
  return [loaded, () => setRound(round + 1)];
}
