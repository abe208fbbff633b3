/** A line over time, drawn as SVG, with its range in words for those who do not see it. */

import { roundUp } from "./round-up.ts";

export interface Point {
  /** Seconds since 1970. */
  readonly time: number;
  readonly value: number;
}

interface LineChartProps {
  readonly points: readonly Point[];
  /** Seconds that the chart spans, up to the last point. */
  readonly spanSeconds: number;
  /** The axis reaches at least from 0 to this. */
  readonly leastMax: number;
  /** The axis does not reach further than this. */
  readonly greatestMax?: number;
  readonly text: (value: number) => string;
  /** What the line shows. */
  readonly name: string;
}

const width = 480;
const height = 120;
const top = 6;

export function LineChart({ points, spanSeconds, leastMax, greatestMax, text, name }: LineChartProps) {
  if (points.length === 0) return <div class="chart-empty">no sample yet</div>;
  const end = points[points.length - 1].time;
  const highest = Math.max(leastMax, ...points.map(({ value }) => value));
  const max = roundUp(Math.min(highest, greatestMax ?? highest));
  const x = (time: number) => width - ((end - time) / spanSeconds) * width;
  const y = (value: number) => height - (Math.min(value, max) / max) * (height - top);
  const shown = points.filter(({ time }) => time >= end - spanSeconds);
  const line = shown.map(({ time, value }, index) => `${index === 0 ? "M" : "L"}${at(x(time))} ${at(y(value))}`).join("");
  const first = at(x(shown[0].time));
  const values = shown.map(({ value }) => value);
  const range = `${name}: ${text(Math.min(...values))} to ${text(Math.max(...values))} in the last ${Math.round(end - shown[0].time)} s`;
  return (
    <figure class="chart">
      <svg viewBox={`0 0 ${width} ${height}`} preserveAspectRatio="none" role="img" aria-label={range}>
        <line class="grid" x1="0" x2={width} y1={y(max)} y2={y(max)} />
        <line class="grid" x1="0" x2={width} y1={y(max / 2)} y2={y(max / 2)} />
        <line class="axis" x1="0" x2={width} y1={height - 0.5} y2={height - 0.5} />
        <path class="area" d={`${line}L${width} ${height}L${first} ${height}Z`} />
        <path class="line" d={line} />
      </svg>
      <figcaption>
        <span class="chart-max">{text(max)}</span>
        <span>{`last ${spanSeconds} s`}</span>
      </figcaption>
    </figure>
  );
}

function at(value: number): number {
  return Math.round(value * 10) / 10;
}
