/** The page: who looks, how fresh the numbers are, and the views. */

import { useEffect, useMemo, useState } from "preact/hooks";
import { DetectView } from "./detect/detect-view.tsx";
import { Connection } from "./frame/connection.tsx";
import { Navigation } from "./frame/navigation.tsx";
import { useRoute } from "./frame/route.ts";
import { SignIn } from "./frame/sign-in.tsx";
import { clientFor, storedKey, storeKey } from "./live/session.ts";
import { useLive } from "./live/use-live.ts";
import { Operate } from "./operate/operate.tsx";

export function App() {
  const [key, setKey] = useState(storedKey());
  const client = useMemo(() => clientFor(key), [key]);
  const clientWith = useMemo(() => (send: typeof fetch) => clientFor(key, send), [key]);
  const live = useLive(client);
  const route = useRoute();
  useEffect(() => {
    document.title = route.view === "detect" ? "Detect - nomaly" : "nomaly";
  }, [route.view]);
  const isRefused = live.state === "refused";
  const change = (next: string | undefined) => {
    storeKey(next);
    setKey(next);
  };
  return (
    <>
      <header>
        <h1>nomaly</h1>
        <Navigation view={route.view} />
        <Connection live={live} />
        <a href="/docs/">API</a>
        {key === undefined ? null : (
          <button type="button" class="plain" onClick={() => change(undefined)}>
            Sign out
          </button>
        )}
      </header>
      <main class={live.state === "stale" && route.view === "operate" ? "is-stale" : ""}>
        {isRefused ? (
          <SignIn problem={key === undefined ? undefined : live.problem} onKey={change} />
        ) : route.view === "detect" ? (
          <DetectView client={client} clientWith={clientWith} route={route} />
        ) : (
          <Operate client={client} metrics={live.metrics} />
        )}
      </main>
    </>
  );
}
