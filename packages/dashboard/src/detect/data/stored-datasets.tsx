/** The data sets that are stored, to open one. */

import type { Client, Dataset } from "nomaly/client";
import { bytesText, countText, dateText } from "../../format.ts";
import { Problem } from "../../frame/problem.tsx";
import { detectHash } from "../../frame/route.ts";
import { TableHead } from "../../frame/table-head.tsx";
import { useLoaded } from "../../live/use-loaded.ts";

const shownCountMax = 50;

export function StoredDatasets({ client }: { readonly client: Client }) {
  const [loaded, again] = useLoaded((signal) => newest(client, signal), [client]);
  return (
    <section class="card" aria-labelledby="stored" aria-busy={loaded.state === "loading"}>
      <h2 id="stored">Stored data sets</h2>
      {loaded.state === "loading" ? <p class="empty">Loading…</p> : null}
      {loaded.state === "failed" ? <Problem error={loaded.error} what="The data sets were not read" onAgain={again} /> : null}
      {loaded.state === "ready" ? <List datasets={loaded.value} /> : null}
    </section>
  );
}

/** One more than is shown, which tells that there are more. */
async function newest(client: Client, signal: AbortSignal): Promise<readonly Dataset[]> {
  const found: Dataset[] = [];
  for await (const dataset of client.datasets.list({ signal, pageSize: shownCountMax + 1 })) {
    found.push(dataset);
    if (found.length > shownCountMax) break;
  }
  return found;
}

function List({ datasets }: { readonly datasets: readonly Dataset[] }) {
  if (datasets.length === 0) return <p class="empty">None yet. A file that you drop above is stored and listed here.</p>;
  return (
    <>
      <div class="wide" tabIndex={0} role="region" aria-label="Stored data sets, table">
        <table>
          <TableHead names={["name", "rows", "columns", "size", "stored"]} numbers={["rows", "columns", "size"]} />
          <tbody>
            {datasets.slice(0, shownCountMax).map((dataset) => (
              <tr key={dataset.id}>
                <th scope="row">
                  <a href={detectHash(dataset.id)}>{dataset.name}</a>
                </th>
                <td class="number">{countText(dataset.n_samples)}</td>
                <td class="number">{countText(dataset.columns.length)}</td>
                <td class="number">{bytesText(dataset.size_bytes)}</td>
                <td>{dateText(dataset.created_at)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {datasets.length > shownCountMax ? <p class="meaning">The newest {shownCountMax}; the API lists all.</p> : null}
    </>
  );
}
