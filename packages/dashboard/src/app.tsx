/** The page: who looks, how fresh the numbers are, and the views. */

import { useMemo, useState } from "preact/hooks";
import { Connection } from "./frame/connection.tsx";
import { SignIn } from "./frame/sign-in.tsx";
import { clientFor, storedKey, storeKey } from "./live/session.ts";
import { useLive } from "./live/use-live.ts";
import { Operate } from "./operate/operate.tsx";

export function App() {
  const [key, setKey] = useState(storedKey());
  const client = useMemo(() => clientFor(key), [key]);
  const live = useLive(client);
  const isRefused = live.state === "refused";
  const change = (next: string | undefined) => {
    storeKey(next);
    setKey(next);
  };
  return (
    <>
      <header>
        <h1>nomaly</h1>
        <Connection live={live} />
        <a href="/docs/">API</a>
        {key === undefined ? null : (
          <button type="button" class="plain" onClick={() => change(undefined)}>
            Sign out
          </button>
        )}
      </header>
      <main class={live.state === "stale" ? "is-stale" : ""}>
        {isRefused ? (
          <SignIn problem={key === undefined ? undefined : live.problem} onKey={change} />
        ) : (
          <Operate client={client} metrics={live.metrics} />
        )}
      </main>
    </>
  );
}
