/** What doctor finds: what is wrong, and what to do next. */

import type { Client } from "nomaly/client";
import { useCallback } from "preact/hooks";
import { useRepeated } from "../live/use-repeated.ts";

const everyMs = 15_000;

export function Findings({ client }: { readonly client: Client }) {
  const ask = useCallback((signal: AbortSignal) => client.performance.doctor({ signal }), [client]);
  const { answer: diagnosis, problem } = useRepeated(ask, everyMs);
  return (
    <section class="card" aria-labelledby="findings">
      <h2 id="findings">Is it well?</h2>
      {problem === undefined ? null : <p class="problem">The checks were not made: {problem}</p>}
      {diagnosis === undefined ? (
        <p class="empty">Checking…</p>
      ) : diagnosis.findings.length === 0 ? (
        <p class="well">{`Yes: ${diagnosis.checks.length} checks of the database, caches, queue, workers, memory, disk and clock found nothing.`}</p>
      ) : (
        <ul class="findings">
          {diagnosis.findings.map(({ id, severity, finding, next_step: nextStep }) => (
            <li key={`${id} ${finding}`}>
              <span class={`severity ${severity}`}>{severity}</span>
              <span>
                <b>{finding}</b>
                <span class="meaning">{nextStep}</span>
              </span>
            </li>
          ))}
        </ul>
      )}
      <p class="meaning">the checks of `nomaly doctor`, made every 15 seconds</p>
    </section>
  );
}
