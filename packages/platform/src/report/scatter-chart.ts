/** The report's scatter chart as inline SVG, laid out so that its texts fit on a phone too. */

import type { PipelineColumn } from "@nomaly/detect";
import { axisRange } from "./axes/axis-range.ts";
import type { Scatter, ScatterPoint } from "./content.ts";
import { type Html, html } from "./html.ts";
import { linearScale, type Scale } from "./axes/scale.ts";
import { axisTicks, type Tick } from "./axes/ticks.ts";
import { numberText, valueText } from "./wording.ts";

const plane = { width: 560, height: 390, top: 36, bottom: 60 } as const;
const rightMin = 14;
/** The font size on narrow pages, as in the style sheet. */
const fontSize = 18;
const letterWidth = 0.58 * fontSize;
const labelGap = 16;
const tickCountMax = 6;
const nameLengthMax = 44;
/** Half the size of the triangle for a point outside the axes. */
const markSize = 6;

interface Layout {
  readonly left: number;
  readonly right: number;
  readonly xTicks: readonly Tick[];
  readonly yTicks: readonly Tick[];
  readonly x: Scale;
  readonly y: Scale;
}

/** Draws rows by two columns: the usual ranges shaded, anomalies on top. */
export function scatterChart(scatter: Scatter): Html {
  const { width, height, top, bottom } = plane;
  const layout = layoutOf(scatter);
  const { left, right, x, y } = layout;
  const base = height - bottom;
  const across = layout.xTicks.map(
    ({ value, text }) =>
      html`<line class="grid" x1="${x.at(value)}" x2="${x.at(value)}" y1="${top}" y2="${base}" /><text
          class="tick"
          x="${x.at(value)}"
          y="${base + fontSize + 4}"
          text-anchor="middle"
          >${text}</text
        >`,
  );
  const up = layout.yTicks.map(
    ({ value, text }) =>
      html`<line class="grid" x1="${left}" x2="${width - right}" y1="${y.at(value)}" y2="${y.at(value)}" /><text
          class="tick"
          x="${left - 8}"
          y="${y.at(value) + 5}"
          text-anchor="end"
          >${text}</text
        >`,
  );
  const draw = (point: ScatterPoint) => drawPoint(point, scatter, layout);
  return html`<svg
    class="scatter"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="${scatter.x.name} against ${scatter.y.name}; anomalies are highlighted"
  >
    ${usualRectangle(scatter, layout)} ${across}${up} ${scatter.points.filter((point) => !point.isAnomaly).map(draw)}
    ${scatter.points.filter((point) => point.isAnomaly).map(draw)}
    <text class="label" x="4" y="${fontSize}">${shortName(scatter.y)}</text>
    <text class="label" x="${(left + width - right) / 2}" y="${height - 8}" text-anchor="middle">${shortName(scatter.x)}</text>
  </svg>`;
}

/** Number of rows outside the axes, which are drawn as triangles at the edge. */
export function beyondCount({ points }: Scatter): number {
  const [xRange, yRange] = [axisRange(points.map((point) => point.x)), axisRange(points.map((point) => point.y))];
  return points.filter((point) => isBeyond(point.x, xRange) || isBeyond(point.y, yRange)).length;
}

function isBeyond(value: number, [min, max]: readonly [number, number]): boolean {
  return value < min || value > max;
}

/** Chooses as many ticks as fit between the widest label of the y axis and half a label at the right. */
function layoutOf({ x: xColumn, y: yColumn, points }: Scatter): Layout {
  const { width, height, top, bottom } = plane;
  const [xRange, yRange] = [axisRange(points.map((point) => point.x)), axisRange(points.map((point) => point.y))];
  const yTicks = axisTicks(yColumn, yRange, tickCountMax);
  const y = linearScale(yRange, [height - bottom, top]);
  for (let count = tickCountMax; ; count--) {
    const xTicks = axisTicks(xColumn, xRange, count);
    const labelWidth = widest(xTicks);
    const left = Math.max(widest(yTicks) + 10, labelWidth / 2);
    const right = Math.max(rightMin, labelWidth / 2);
    if (count > 1 && xTicks.length * (labelWidth + labelGap) > width - left - right + labelWidth) continue;
    return { left, right, xTicks, yTicks, x: linearScale(xRange, [left, width - right]), y };
  }
}

function widest(ticks: readonly Tick[]): number {
  return Math.ceil(Math.max(0, ...ticks.map(({ text }) => text.length)) * letterWidth);
}

function drawPoint(point: ScatterPoint, scatter: Scatter, { x, y }: Layout): Html {
  const name = point.name === undefined || point.name === "" ? "" : `, ${point.name}`;
  const [xText, yText] = [valueText(point.x, scatter.x.kind), valueText(point.y, scatter.y.kind)];
  const title = `row ${point.row}${name}: ${scatter.x.name} ${xText}, ${scatter.y.name} ${yText}, score ${numberText(point.score)}`;
  const kind = point.isAnomaly ? "odd" : "usual";
  const [across, up] = [x.at(clamped(point.x, x)), y.at(clamped(point.y, y))];
  const [isAside, isAbove] = [isBeyond(point.x, [x.min, x.max]), isBeyond(point.y, [y.min, y.max])];
  if (!isAside && !isAbove) {
    return html`<circle class="${kind}" cx="${across}" cy="${up}" r="${point.isAnomaly ? 4.5 : 3}"
      ><title>${title}</title></circle
    >`;
  }
  // The tip of the triangle is at the edge and points towards the row.
  const angle = isAside ? (point.x > x.max ? 0 : 180) : point.y > y.max ? 270 : 90;
  const shape = `0,0 ${-2 * markSize},${-markSize} ${-2 * markSize},${markSize}`;
  return html`<polygon class="${kind}" points="${shape}" transform="translate(${across} ${up}) rotate(${angle})"
    ><title>${title}</title></polygon
  >`;
}

function usualRectangle({ x: xColumn, y: yColumn }: Scatter, { x, y }: Layout): Html | undefined {
  const [across, up] = [xColumn.profile, yColumn.profile];
  if (across.kind !== "number" || up.kind !== "number") return undefined;
  const [x1, x2] = [across.low, across.high].map((value) => x.at(clamped(value, x)));
  const [y1, y2] = [up.high, up.low].map((value) => y.at(clamped(value, y)));
  return html`<rect class="band" x="${x1}" y="${y1}" width="${(x2 - x1).toFixed(2)}" height="${(y2 - y1).toFixed(2)}"
    ><title>where nine tenths of the rows lie in each column</title></rect
  >`;
}

function clamped(value: number, { min, max }: Scale): number {
  return Math.min(max, Math.max(min, value));
}

function shortName({ name }: PipelineColumn): string {
  return name.length <= nameLengthMax ? name : `${name.slice(0, nameLengthMax - 1)}…`;
}
