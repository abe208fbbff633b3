/** Charts of the rows: two columns against each other, and scores over time. */

import type { Dataset } from "nomaly/client";
import { beyondCount, scatterChart } from "nomaly/report";
import { useMemo, useState } from "preact/hooks";
import { countText } from "../../format.ts";
import { Drawing } from "./drawing.tsx";
import type { ResultShown } from "./load-result.ts";
import { dateColumns, plottedColumns, type PlottedColumn, pointsOf, scoreAxis } from "./plotted-columns.ts";

interface PlotProps {
  readonly shown: ResultShown;
  readonly threshold: number;
}

export function PlotCards({ shown, threshold, dataset }: PlotProps & { readonly dataset: Dataset }) {
  const columns = useMemo(() => plottedColumns(shown), [shown]);
  const dates = useMemo(() => dateColumns(shown, dataset), [shown, dataset]);
  const plane = columns.length < 2 ? null : <ScatterCard shown={shown} threshold={threshold} columns={columns} />;
  const timeline = dates.length === 0 ? null : <TimelineCard shown={shown} threshold={threshold} dates={dates} />;
  if (plane === null || timeline === null) return plane ?? timeline;
  return (
    <div class="pair">
      {plane}
      {timeline}
    </div>
  );
}

function ScatterCard({ shown, threshold, columns }: PlotProps & { readonly columns: readonly PlottedColumn[] }) {
  const [x, y, pickers] = useColumns(columns, ["across", "up"]);
  return (
    <section class="card" aria-labelledby="plane">
      <h2 id="plane">Two columns</h2>
      <div class="fields">{pickers}</div>
      <Chart shown={shown} threshold={threshold} axes={[x, y]} />
    </section>
  );
}

function TimelineCard({ shown, threshold, dates }: PlotProps & { readonly dates: readonly PlottedColumn[] }) {
  const score = useMemo(() => scoreAxis(shown), [shown]);
  const [date, setDate] = useState(0);
  return (
    <section class="card" aria-labelledby="time">
      <h2 id="time">Scores over time</h2>
      {dates.length === 1 ? null : (
        <div class="fields">
          <Picker name="date" columns={dates} at={date} onAt={setDate} />
        </div>
      )}
      <Chart shown={shown} threshold={threshold} axes={[dates[date], score]} hidesUsual />
    </section>
  );
}

function useColumns(columns: readonly PlottedColumn[], [across, up]: readonly [string, string]) {
  const [x, setX] = useState(0);
  const [y, setY] = useState(1);
  const pickers = [
    <Picker key={across} name={across} columns={columns} at={x} onAt={setX} />,
    <Picker key={up} name={up} columns={columns} at={y} onAt={setY} />,
  ];
  return [columns[x], columns[y], pickers] as const;
}

interface PickerProps {
  readonly name: string;
  readonly columns: readonly PlottedColumn[];
  readonly at: number;
  readonly onAt: (at: number) => void;
}

function Picker({ name, columns, at, onAt }: PickerProps) {
  return (
    <label>
      {name}
      <select value={at} onChange={(event) => onAt(Number(event.currentTarget.value))}>
        {columns.map(({ shown }, index) => (
          <option key={shown.name} value={index}>
            {shown.name}
          </option>
        ))}
      </select>
    </label>
  );
}

interface ChartProps extends PlotProps {
  readonly axes: readonly [PlottedColumn, PlottedColumn];
  readonly hidesUsual?: boolean;
}

function Chart({ shown, threshold, axes: [x, y], hidesUsual = false }: ChartProps) {
  const points = useMemo(() => pointsOf(shown, [x, y], threshold), [shown, x, y, threshold]);
  const scatter = { x: x.shown, y: y.shown, points, hidesUsual };
  if (points.length === 0) return <p class="empty">No row has a value in both columns.</p>;
  const beyond = beyondCount(scatter);
  return (
    <>
      <Drawing name="drawn" html={scatterChart(scatter)} />
      <p class="meaning">
        <span class="key odd" aria-hidden="true" />
        anomaly <span class="key usual" aria-hidden="true" />
        other rows
        {hidesUsual ? null : (
          <>
            {" "}
            <span class="key band" aria-hidden="true" />
            where nine tenths lie
          </>
        )}
        .{" "}
        {points.length < shown.rowCount
          ? `${countText(points.length)} of ${countText(shown.rowCount)} rows are drawn: the highest scores, and a sample.`
          : ""}
        {beyond > 0 ? ` ${countText(beyond)} far outside ${beyond === 1 ? "is" : "are"} drawn as a triangle at the edge.` : ""}
      </p>
    </>
  );
}
