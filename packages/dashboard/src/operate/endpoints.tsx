/** The table of endpoints, those with the most requests first. */

import type { PerformanceMetrics } from "nomaly/client";
import { countText, msText, percentText } from "../format.ts";

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
            <thead>
              <tr>
                <th scope="col">endpoint</th>
                <th scope="col" class="number">
                  requests
                </th>
                <th scope="col" class="number">
                  mean
                </th>
                <th scope="col" class="number">
                  median
                </th>
                <th scope="col" class="number">
                  95 % within
                </th>
                <th scope="col" class="number">
                  99 % within
                </th>
                <th scope="col" class="number">
                  errors
                </th>
              </tr>
            </thead>
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
