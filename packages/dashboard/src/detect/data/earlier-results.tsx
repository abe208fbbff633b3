/** What was found in a data set before, to see it again. */

import type { Client, Result } from "nomaly/client";
import { countText, dateText } from "../../format.ts";
import { Problem } from "../../frame/problem.tsx";
import { detectHash } from "../../frame/route.ts";
import { useLoaded } from "../../live/use-loaded.ts";

const shownCountMax = 10;

interface EarlierResultsProps {
  readonly client: Client;
  readonly datasetId: string;
}

export function EarlierResults({ client, datasetId }: EarlierResultsProps) {
  const [loaded, again] = useLoaded((signal) => newest(client, datasetId, signal), [client, datasetId]);
  return (
    <section class="card" aria-labelledby="earlier" aria-busy={loaded.state === "loading"}>
      <h2 id="earlier">Found before</h2>
      {loaded.state === "loading" ? <p class="empty">Loading…</p> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} what="The results were not read" onAgain={again} /> : null}
      {loaded.state === "ready" && loaded.value.length === 0 ? (
        <p class="empty">Nothing yet: no one has looked for anomalies in these rows.</p>
      ) : null}
      {loaded.state === "ready" ? (
        <ul class="plain">
          {loaded.value.map(({ id, created_at: createdAt, summary }) => (
            <li key={id}>
              <a href={detectHash(datasetId, id)}>{dateText(createdAt)}</a>: {countText(Number(summary["n_anomalies"]))}{" "}
              anomalies, threshold {Number(summary["threshold"]).toPrecision(4)}
            </li>
          ))}
        </ul>
      ) : null}
    </section>
  );
}

async function newest(client: Client, datasetId: string, signal: AbortSignal): Promise<readonly Result[]> {
  const found: Result[] = [];
  for await (const result of client.results.list({ dataset_id: datasetId }, { signal, pageSize: shownCountMax })) {
    found.push(result);
    if (found.length >= shownCountMax) break;
  }
  return found;
}
