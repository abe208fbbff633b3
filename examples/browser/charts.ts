/** Two small charts as SVG text. */

import { numberText } from "../../packages/platform/src/report/wording.ts";

const width = 460;
const height = 210;
const margin = { right: 10, top: 14, bottom: 26 };
const leftMin = 46;
/** Width of a figure in the labels, with some room. */
const figureWidth = 6.8;
const binCount = 40;
/** More points than this would only hide each other. */
const pointCountMax = 4000;

/** Counts on a square-root scale: the few odd rows must stay visible beside the many usual ones. */
export function histogramSvg(scores: Float64Array, threshold: number): string {
  const { low, high } = rangeOf(scores);
  const bins = Array.from({ length: binCount }, () => 0);
  for (const score of scores) bins[Math.min(binCount - 1, Math.floor(((score - low) / (high - low)) * binCount))]++;
  const tallest = Math.sqrt(Math.max(...bins));
  const upLabels = countLabels(Math.max(...bins));
  const left = leftOf(upLabels);
  const x = scaleTo(low, high, left, width - margin.right);
  const y = scaleTo(0, tallest, height - margin.bottom, margin.top);
  const bars = bins.map((count, bin) => {
    const from = low + ((high - low) * bin) / binCount;
    const to = low + ((high - low) * (bin + 1)) / binCount;
    const top = y(Math.sqrt(count));
    const kind = (from + to) / 2 > threshold ? "odd" : "usual";
    const size = `width="${(x(to) - x(from) - 1).toFixed(1)}" height="${(y(0) - top).toFixed(1)}"`;
    return `<rect class="${kind}" x="${x(from).toFixed(1)}" y="${top.toFixed(1)}" ${size}><title>${count} rows</title></rect>`;
  });
  const limit = `<line class="limit" x1="${x(threshold)}" x2="${x(threshold)}" y1="${margin.top}" y2="${y(0)}"/>`;
  const parts = [
    ...bars,
    limit,
    axisLabels(low, high, x),
    ...upLabels.map(({ at, text }) => upLabel(left, y(Math.sqrt(at)), text)),
  ];
  return svg("score", left, parts);
}

/** Points with NaN in either column are left out. */
export function scatterSvg(horizontal: Float64Array, vertical: Float64Array, labels: Uint8Array): string {
  const [across, up] = [rangeOf(horizontal), rangeOf(vertical)];
  const upLabels = [up.low, up.high].map((at) => ({ at, text: numberText(at) }));
  const left = leftOf(upLabels);
  const x = scaleTo(across.low, across.high, left, width - margin.right);
  const y = scaleTo(up.low, up.high, height - margin.bottom, margin.top);
  const step = Math.max(1, Math.ceil(horizontal.length / pointCountMax));
  const order = [...labels.keys()].filter((row) => labels[row] === 1 || row % step === 0).sort((a, b) => labels[a] - labels[b]);
  const points = order.map((row) => {
    if (Number.isNaN(horizontal[row]) || Number.isNaN(vertical[row])) return "";
    const [kind, radius] = labels[row] === 1 ? ["odd", 3.4] : ["usual", 2];
    return `<circle class="${kind}" cx="${x(horizontal[row]).toFixed(1)}" cy="${y(vertical[row]).toFixed(1)}" r="${radius}" opacity="0.75"/>`;
  });
  const labelled = upLabels.map(({ at, text }) => upLabel(left, y(at), text));
  return svg("scatter", left, [...points, axisLabels(across.low, across.high, x), ...labelled]);
}

interface AxisLabel {
  readonly at: number;
  readonly text: string;
}

/** Where the plot begins, so that the longest label at its left fits. */
function leftOf(labels: readonly AxisLabel[]): number {
  return Math.max(leftMin, ...labels.map(({ text }) => 10 + text.length * figureWidth));
}

function upLabel(left: number, y: number, text: string): string {
  return `<text x="${left - 6}" y="${y + 4}" text-anchor="end">${text}</text>`;
}

function rangeOf(values: Float64Array): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return high > low ? { low, high } : { low: low - 0.5, high: low + 0.5 };
}

function scaleTo(low: number, high: number, from: number, to: number): (value: number) => number {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

function axisLabels(low: number, high: number, x: (value: number) => number): string {
  const anchors = ["start", "middle", "end"];
  return [low, (low + high) / 2, high]
    .map((value, i) => `<text x="${x(value)}" y="${height - 8}" text-anchor="${anchors[i]}">${numberText(value)}</text>`)
    .join("");
}

function countLabels(largest: number): AxisLabel[] {
  return [...new Set([0, Math.round(largest / 4), largest])].map((at) => ({ at, text: numberText(at) }));
}

function svg(name: string, left: number, parts: readonly string[]): string {
  const floor = height - margin.bottom;
  const axis = `<line class="axis" x1="${left}" x2="${width - margin.right}" y1="${floor}" y2="${floor}"/>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${axis}${parts.join("")}</svg>`;
}
