/** Two small charts as SVG text. */

const width = 460;
const height = 210;
const margin = { left: 46, right: 10, top: 10, bottom: 26 };
const binCount = 40;
/** More points than this would only hide each other. */
const pointCountMax = 4000;

/** Counts on a square-root scale: the few odd rows must stay visible beside the many usual ones. */
export function histogramSvg(scores: Float64Array, threshold: number): string {
  const { low, high } = rangeOf(scores);
  const bins = Array.from({ length: binCount }, () => 0);
  for (const score of scores) bins[Math.min(binCount - 1, Math.floor(((score - low) / (high - low)) * binCount))]++;
  const tallest = Math.sqrt(Math.max(...bins));
  const x = scaleTo(low, high, margin.left, width - margin.right);
  const y = scaleTo(0, tallest, height - margin.bottom, margin.top);
  const bars = bins.map((count, bin) => {
    const left = low + ((high - low) * bin) / binCount;
    const right = low + ((high - low) * (bin + 1)) / binCount;
    const top = y(Math.sqrt(count));
    const kind = (left + right) / 2 > threshold ? "odd" : "usual";
    const size = `width="${(x(right) - x(left) - 1).toFixed(1)}" height="${(y(0) - top).toFixed(1)}"`;
    return `<rect class="${kind}" x="${x(left).toFixed(1)}" y="${top.toFixed(1)}" ${size}><title>${count} rows</title></rect>`;
  });
  const limit = `<line class="limit" x1="${x(threshold)}" x2="${x(threshold)}" y1="${margin.top}" y2="${y(0)}"/>`;
  return svg("score", [...bars, limit, axisLabels(low, high, x, height - 8), countLabels(Math.max(...bins), y)]);
}

/** Points with NaN in either column are left out. */
export function scatterSvg(horizontal: Float64Array, vertical: Float64Array, labels: Uint8Array): string {
  const [across, up] = [rangeOf(horizontal), rangeOf(vertical)];
  const x = scaleTo(across.low, across.high, margin.left, width - margin.right);
  const y = scaleTo(up.low, up.high, height - margin.bottom, margin.top);
  const step = Math.max(1, Math.ceil(horizontal.length / pointCountMax));
  const order = [...labels.keys()].filter((row) => labels[row] === 1 || row % step === 0).sort((a, b) => labels[a] - labels[b]);
  const points = order.map((row) => {
    if (Number.isNaN(horizontal[row]) || Number.isNaN(vertical[row])) return "";
    const [kind, radius] = labels[row] === 1 ? ["odd", 3.4] : ["usual", 2];
    return `<circle class="${kind}" cx="${x(horizontal[row]).toFixed(1)}" cy="${y(vertical[row]).toFixed(1)}" r="${radius}" opacity="0.75"/>`;
  });
  const upLabels = [up.low, up.high].map(
    (value) => `<text x="${margin.left - 6}" y="${y(value) + 4}" text-anchor="end">${short(value)}</text>`,
  );
  return svg("scatter", [...points, axisLabels(across.low, across.high, x, height - 8), ...upLabels]);
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

function axisLabels(low: number, high: number, x: (value: number) => number, at: number): string {
  const values = [low, (low + high) / 2, high];
  const anchors = ["start", "middle", "end"];
  return values.map((value, i) => `<text x="${x(value)}" y="${at}" text-anchor="${anchors[i]}">${short(value)}</text>`).join("");
}

function countLabels(largest: number, y: (value: number) => number): string {
  const label = (count: number) =>
    `<text x="${margin.left - 6}" y="${y(Math.sqrt(count)) + 4}" text-anchor="end">${count}</text>`;
  return label(0) + label(Math.round(largest / 4)) + label(largest);
}

function svg(name: string, parts: readonly string[]): string {
  const floor = height - margin.bottom;
  const axis = `<line class="axis" x1="${margin.left}" x2="${width - margin.right}" y1="${floor}" y2="${floor}"/>`;
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${name}">${axis}${parts.join("")}</svg>`;
}

/** Three or four figures are enough on a screen. */
export function short(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e6) return String(value);
  return String(Number(value.toPrecision(3)));
}
