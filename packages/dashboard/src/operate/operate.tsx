/** The view of the operator: is the service well, why not, and what to do. */

import type { Client, PerformanceMetrics } from "nomaly/client";
import { useCallback } from "preact/hooks";
import { msText } from "../format.ts";
import { useRepeated } from "../live/use-repeated.ts";
import { Cards } from "./cards.tsx";
import { Endpoints } from "./endpoints.tsx";
import { Facts } from "./facts.tsx";
import { Jobs } from "./jobs.tsx";
import { partFacts } from "./part-facts.ts";

interface OperateProps {
  readonly client: Client;
  readonly metrics: PerformanceMetrics | undefined;
}

const reportMs = 5000;

export function Operate({ client, metrics }: OperateProps) {
  const ask = useCallback((signal: AbortSignal) => client.performance.report({ signal }), [client]);
  const { answer: report, problem } = useRepeated(ask, reportMs);
  return (
    <>
      {metrics?.monitoring === false ? (
        <p class="card problem">Monitoring is switched off (the setting monitoring), so no request is recorded.</p>
      ) : null}
      <Cards metrics={metrics} />
      <Endpoints metrics={metrics} />
      {problem === undefined || report === undefined ? null : <p class="card problem">The parts are not up to date: {problem}</p>}
      <div class="parts">
        {metrics === undefined ? null : (
          <Facts
            title="Event loop"
            advice={[]}
            facts={[
              {
                name: "Delay",
                text: msText(metrics.event_loop_delay),
                meaning: "how late events were handled in the last second, on average",
              },
              {
                name: "Longest",
                text: msText(metrics.event_loop_delay_p99),
                meaning: "99 % of events were less late; above 100 ms something holds the process up",
              },
              {
                name: "Processes",
                text: String(metrics.process_count),
                meaning: "processes of the service whose numbers are summed here",
              },
            ]}
          />
        )}
        {report === undefined ? null : partFacts(report).map((part) => <Facts key={part.title} {...part} />)}
      </div>
      <Jobs client={client} />
    </>
  );
}
