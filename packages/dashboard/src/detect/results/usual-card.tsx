/** What the model learned to be usual in each column. */

import { decodeColumn, percentText, usualText } from "nomaly/report";
import { TableHead } from "../../frame/table-head.tsx";
import type { LearnedColumn } from "./load-result.ts";

export function UsualCard({ columns }: { readonly columns: readonly LearnedColumn[] }) {
  const sorted = columns.toSorted((one, other) => one.name.localeCompare(other.name));
  return (
    <section class="card" aria-labelledby="usual">
      <h2 id="usual">What is usual</h2>
      <details>
        <summary>The usual values of each column, as the detector learned them</summary>
        <div class="wide" tabIndex={0} role="region" aria-label="Usual values, table">
          <table>
            <TableHead names={["column", "kind", "usual", "missing"]} numbers={["missing"]} />
            <tbody>
              {sorted.map((column) => (
                <tr key={column.name}>
                  <th scope="row">{column.name}</th>
                  <td>{column.kind}</td>
                  <td>{usualOf(column)}</td>
                  <td class="number">{column.missing_share === 0 ? "none" : percentText(column.missing_share)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </section>
  );
}

function usualOf(column: LearnedColumn): string {
  const decoded = decodeColumn(column);
  return decoded === undefined ? "" : usualText(decoded.profile, decoded.kind);
}
