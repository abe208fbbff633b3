/** The table of endpoints, those with the most requests first. */

import type { PerformanceMetrics } from "nomaly/client";
import { countText, msText, percentText } from "../format.ts";
import { TableHead } from "../frame/table-head.tsx";

const names = ["endpoint", "requests", "mean", "median", "95 % within", "99 % within", "errors"];

export function Endpoints({ metrics }: { readonly metrics: PerformanceMetrics | undefined }) {
  const rows = Object.entries(metrics?.endpoint_breakdown ?? {}).sort(([, a], [, b]) => b.request_count - a.request_count);
  return (
    <section class="card" aria-labelledby="endpoints">
      <h2 id="endpoints">Endpoints</h2>
      <p class="meaning">requests since the start of the process; times of the last 100 requests of each endpoint</p>
      {rows.length === 0 ? (
        <p class="empty">No request has come yet.</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-label="Endpoints, table">
          <table>
            <TableHead names={names} numbers={names.slice(1)} />
            <tbody>
              {rows.map(([name, endpoint]) => (
                <tr key={name}>
                  <th scope="row">{name}</th>
                  <td class="number">{countText(endpoint.request_count)}</td>
                  <td class="number">{msText(endpoint.avg_response_time)}</td>
                  <td class="number">{msText(endpoint.p50_response_time)}</td>
                  <td class="number">{msText(endpoint.p95_response_time)}</td>
                  <td class="number">{msText(endpoint.p99_response_time)}</td>
                  <td class="number">{percentText(endpoint.error_rate, 2)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
