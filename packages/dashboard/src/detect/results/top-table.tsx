/** The most anomalous rows, why each of them is, and which of them were seen. */

import {
  agreementNote,
  decodeReason,
  type EncodedReason,
  foundByText,
  rankTexts,
  reasonList,
  scoreNote,
  scoreTexts,
} from "nomaly/report";
import { useMemo, useState } from "preact/hooks";
import { countText } from "../../format.ts";
import { TableHead } from "../../frame/table-head.tsx";
import { Drawing } from "./drawing.tsx";
import type { ExplainedRow, LearnedColumn, ResultShown } from "./load-result.ts";
import { useSeen } from "./seen-rows.ts";

const firstCount = 10;
const pageCount = 20;

export function TopTable({ shown, threshold }: { readonly shown: ResultShown; readonly threshold: number }) {
  const { explained, result, columns } = shown;
  const [seen, setSeen] = useSeen(result.id);
  const [hidesSeen, setHidesSeen] = useState(false);
  const [countMax, setCountMax] = useState(firstCount);
  const byName = useMemo(() => new Map(columns.map((column) => [column.name, column])), [columns]);
  const above = explained.filter(({ anomaly_score: score }) => score > threshold);
  const listed = above.filter(({ row }) => !hidesSeen || !seen.has(row));
  const rows = listed.slice(0, countMax);
  const memberCount = explained[0]?.votes?.length ?? 0;
  const agree = agreementNote(memberCount);
  return (
    <section class="card" aria-labelledby="top">
      <h2 id="top">Top anomalies</h2>
      <p class="meaning">
        {sentence(scoreNote)} {agree === undefined ? "" : sentence(agree)} Row 1 is the first after the header.
      </p>
      <p class="tools">
        <label class="inline">
          <input type="checkbox" checked={hidesSeen} onChange={(event) => setHidesSeen(event.currentTarget.checked)} />
          Hide rows that I have seen
        </label>
        <span class="meaning">Seen rows are remembered in this tab only.</span>
      </p>
      {rows.length === 0 ? (
        <p class="empty">{emptyText(explained.length, above.length)}</p>
      ) : (
        <div class="wide" tabIndex={0} role="region" aria-label="Top anomalies, table">
          <table class="top">
            <TableHead
              names={["seen", "row", "score", "ranks above", ...(memberCount > 1 ? ["agree"] : []), "why"]}
              numbers={["row", "score", "ranks above"]}
            />
            <TopRows rows={rows} shown={shown} byName={byName} seen={seen} onSeen={setSeen} />
          </table>
        </div>
      )}
      {listed.length > countMax ? (
        <button type="button" class="plain" onClick={() => setCountMax(countMax + pageCount)}>
          Show {Math.min(pageCount, listed.length - countMax)} more
        </button>
      ) : null}
      {above.length > 0 && above.length === explained.length && shown.rowCount > explained.length ? (
        <p class="meaning">The {countText(explained.length)} highest scores have reasons; the scored rows below have all rows.</p>
      ) : null}
    </section>
  );
}

function emptyText(explainedCount: number, aboveCount: number): string {
  if (explainedCount === 0)
    return "This result was made without reasons: find the anomalies of the data set again to see why rows stand out.";
  return aboveCount === 0
    ? "No row has a score above the threshold. Move the threshold down to see the highest scores."
    : "You have seen all of them.";
}

interface TopRowsProps {
  readonly rows: readonly ExplainedRow[];
  readonly shown: ResultShown;
  readonly byName: ReadonlyMap<string, LearnedColumn>;
  readonly seen: ReadonlySet<number>;
  readonly onSeen: (row: number, isSeen: boolean) => void;
}

function TopRows({ rows, shown, byName, seen, onSeen }: TopRowsProps) {
  const scores = scoreTexts(rows.map(({ anomaly_score: score }) => score));
  const ranks = rankTexts(rows.map(({ rank }) => rank));
  return (
    <tbody>
      {rows.map((explained, index) => {
        const { row, reasons, votes = [] } = explained;
        const number = row + 1;
        return (
          <tr key={row} class={seen.has(row) ? "is-seen" : ""}>
            <td>
              <input
                type="checkbox"
                aria-label={`Row ${number} seen`}
                checked={seen.has(row)}
                onChange={(event) => onSeen(row, event.currentTarget.checked)}
              />
            </td>
            <th scope="row" class="number" data-label="row">
              {countText(number)}
            </th>
            <td class="number score" data-label="score">
              {scores[index]}
            </td>
            <td class="number" data-label="ranks above">
              {ranks[index]}
            </td>
            {votes.length > 1 ? (
              <td class="agree" data-label="agree">
                {foundByText(votes.map(findingOf))}
              </td>
            ) : null}
            <td>
              <Why reasons={reasons} byName={byName} />
              <AllValues values={shown.rows.top[shown.explained.indexOf(explained)]?.values} />
            </td>
          </tr>
        );
      })}
    </tbody>
  );
}

function findingOf({ algorithm, looks_at: looksAt, is_anomaly: isAnomaly, rank }: NonNullable<ExplainedRow["votes"]>[number]) {
  return { algorithm, looksAt, isAnomaly, rank, score: undefined };
}

interface WhyProps {
  readonly reasons: readonly EncodedReason[];
  readonly byName: ReadonlyMap<string, LearnedColumn>;
}

function Why({ reasons, byName }: WhyProps) {
  const decoded = reasons.flatMap((reason) => {
    const column = byName.get(reason.column);
    return (column === undefined ? undefined : decodeReason(reason, column)) ?? [];
  });
  return <Drawing name="why" html={reasonList(decoded)} />;
}

function AllValues({ values }: { readonly values: Readonly<Record<string, unknown>> | undefined }) {
  if (values === undefined) return null;
  return (
    <details class="values">
      <summary>All values</summary>
      <dl>
        {Object.entries(values).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{cellText(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}

function cellText(value: unknown): string {
  if (value === null || value === undefined) return "missing";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}.`;
}
