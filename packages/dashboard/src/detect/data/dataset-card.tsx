/** What a data set is, and what each of its columns holds. */

import type { Client, Dataset, DatasetProfile } from "nomaly/client";
import { numberText, percentText } from "nomaly/report";
import { useEffect, useRef, useState } from "preact/hooks";
import { bytesText, countText, dateText } from "../../format.ts";
import { Problem } from "../../frame/problem.tsx";
import { TableHead } from "../../frame/table-head.tsx";
import { useLoaded } from "../../live/use-loaded.ts";

interface DatasetCardProps {
  readonly client: Client;
  readonly dataset: Dataset;
  readonly isOpen: boolean;
}

export function DatasetCard({ client, dataset, isOpen }: DatasetCardProps) {
  const [isShown, setIsShown] = useState(isOpen);
  const heading = useRef<HTMLHeadingElement>(null);
  // What had the focus before, such as the button that chose the file, is gone.
  useEffect(() => {
    if (isOpen) heading.current?.focus();
  }, []);
  return (
    <section class="card" aria-labelledby="dataset">
      <h2 id="dataset" ref={heading} tabIndex={-1}>
        {dataset.name}
      </h2>
      <p class="detail">
        {countText(dataset.n_samples)} rows, {countText(dataset.columns.length)} columns, {bytesText(dataset.size_bytes)}, stored{" "}
        {dateText(dataset.created_at)}
      </p>
      {dataset.notes.length === 0 ? null : (
        <ul class="notes">
          {dataset.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <details open={isOpen} onToggle={(event) => event.currentTarget.open && setIsShown(true)}>
        <summary>Columns</summary>
        {isShown ? <Columns client={client} dataset={dataset} /> : null}
      </details>
    </section>
  );
}

type Column = DatasetProfile["columns"][number];

function Columns({ client, dataset }: Omit<DatasetCardProps, "isOpen">) {
  const [loaded, again] = useLoaded(
    (signal) => client.datasets.profile(dataset.id, { signal, timeoutMs: 120_000 }),
    [client, dataset.id],
  );
  if (loaded.state === "loading") return <p class="empty">Looking through the columns…</p>;
  if (loaded.state === "failed") return <Problem error={loaded.error} what="The columns were not described" onAgain={again} />;
  const { columns, findings } = loaded.value;
  return (
    <div class="wide" tabIndex={0} role="region" aria-label="Columns, table">
      <table class="columns">
        <TableHead
          names={["column", "kind", "missing", "middle half", "from, to", "different", "to know"]}
          numbers={["missing", "different"]}
        />
        <tbody>
          {columns.map((column) => (
            <tr key={column.name}>
              <th scope="row">{column.name}</th>
              <td>{column.kind ?? `not usable (${column.type})`}</td>
              <td class="number">{column.missing_count === 0 ? "none" : percentText(column.missing_share)}</td>
              <td>{middleText(column)}</td>
              <td>{column.min === null ? "" : `${shortText(column.min)} to ${shortText(column.max ?? "")}`}</td>
              <td class="number">{`${column.is_estimated ? "about " : ""}${countText(Math.round(column.distinct_count))}`}</td>
              <td class="detail">
                {findings
                  .filter((finding) => finding.column === column.name)
                  .map(({ detail }) => detail)
                  .join("; ")}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function middleText({ quartiles }: Column): string {
  return quartiles === null || quartiles.length < 3 ? "" : `${numberText(quartiles[0])} to ${numberText(quartiles[2])}`;
}

const shortLength = 24;

/** Numbers as in the rest of the page, other values cut. */
function shortText(text: string): string {
  const value = Number(text);
  if (text.trim() !== "" && Number.isFinite(value)) return numberText(value);
  return text.length <= shortLength ? text : `${text.slice(0, shortLength - 1)}…`;
}
