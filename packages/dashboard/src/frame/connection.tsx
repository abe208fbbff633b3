/** One line: how fresh the numbers are. */

import { useEffect, useState } from "preact/hooks";
import { ageText } from "../format.ts";
import { type Live, pollMs } from "../live/live-metrics.ts";

export function Connection({ live }: { readonly live: Live }) {
  const now = useNow();
  const age = live.receivedAt === undefined ? 0 : Math.max(0, (now - live.receivedAt) / 1000);
  const { text, kind } = said(live, age);
  return (
    <p class={`connection ${kind}`} role="status">
      <span class="dot" aria-hidden="true" />
      {text}
    </p>
  );
}

function said({ state, problem }: Live, age: number): { readonly text: string; readonly kind: string } {
  if (state === "live") return { text: "Live", kind: "good" };
  if (state === "polled") return { text: `The live stream is cut: asked every ${pollMs / 1000} s`, kind: "warn" };
  if (state === "stale") return { text: `Stale: ${problem ?? "no answer"}; these numbers are ${ageText(age)} old`, kind: "bad" };
  if (state === "refused") return { text: "Signed out", kind: "warn" };
  return problem === undefined
    ? { text: "Connecting…", kind: "warn" }
    : { text: `Down: ${problem}. Asking again every ${pollMs / 1000} s`, kind: "bad" };
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
