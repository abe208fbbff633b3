/** The report's charts as inline SVG. Colours are classes, so that light and dark follow the page. */

import type { ReportContent } from "./content.ts";
import { type Html, html } from "./html.ts";
import { linearScale, roundTicks } from "./axes/scale.ts";
import { countText, numberText } from "./wording.ts";

const distribution = { width: 960, height: 260, left: 12, right: 12, top: 34, bottom: 34 } as const;

/** A histogram of scores; bars above the threshold have another colour. */
export function distributionChart(content: ReportContent): Html {
  const { histogram, threshold, anomalyCount, rowCount } = content;
  const { counts, edges, anomalyCounts, beyondCount, max } = histogram;
  const { width, height, left, right, top, bottom } = distribution;
  const x = linearScale([edges[0], edges[edges.length - 1]], [left, width - right]);
  // Square roots keep few extreme rows visible beside thousands of usual ones.
  const y = linearScale([0, Math.sqrt(Math.max(1, ...counts))], [height - bottom, top + 12]);
  const base = height - bottom;
  const mark = Math.min(width - right, Math.max(left, x.at(threshold)));
  const bars = counts.map((count, index) => {
    const [from, to] = [x.at(edges[index]), x.at(edges[index + 1])];
    const barTop = y.at(Math.sqrt(count));
    const title = html`<title>${numberText(edges[index])} to ${numberText(edges[index + 1])}: ${countText(count, "row")}</title>`;
    const part = (start: number, end: number, name: string) =>
      end - start < 0.1
        ? undefined
        : html`<rect
            class="${name}"
            x="${start + 0.75}"
            y="${barTop}"
            width="${Math.max(0.5, end - start - 1.5).toFixed(2)}"
            height="${(base - barTop).toFixed(2)}"
            rx="2"
            >${title}</rect
          >`;
    // An edge can be the threshold itself, so the bin's anomalies decide about its colour, not its position.
    const isMixed = anomalyCounts[index] > 0 && anomalyCounts[index] < count;
    const cut = isMixed ? Math.min(to, Math.max(from, mark)) : anomalyCounts[index] > 0 ? from : to;
    const label =
      count === 0
        ? undefined
        : html`<text class="count" x="${(from + to) / 2}" y="${barTop - 4}" text-anchor="middle"
            >${count.toLocaleString("en-US")}</text
          >`;
    return html`${part(from, cut, "usual")}${part(cut, to, "odd")}${label}`;
  });
  const ticks = roundTicks(x.min, x.max, 8).map(
    (tick) => html`<text class="tick" x="${x.at(tick)}" y="${base + 22}" text-anchor="middle">${numberText(tick)}</text>`,
  );
  const anchor = mark > width * 0.7 ? "end" : "start";
  const beyond =
    beyondCount === 0
      ? undefined
      : html`<text class="tick" x="${width - right}" y="${top + 18}" text-anchor="end"
          >${countText(beyondCount, "row")} beyond, up to ${numberText(max)}</text
        >`;
  return html`<svg
    class="distribution"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Distribution of scores: ${countText(anomalyCount, "row")} of ${rowCount.toLocaleString("en-US")} above the threshold ${numberText(threshold)}"
  >
    ${bars}
    <line class="axis" x1="${left}" x2="${width - right}" y1="${base}" y2="${base}" />
    ${ticks}${beyond}
    <line class="threshold" x1="${mark}" x2="${mark}" y1="${top - 14}" y2="${base}" />
    <text class="mark" x="${anchor === "end" ? mark - 6 : mark + 6}" y="${top - 8}" text-anchor="${anchor}">
      threshold ${numberText(threshold)}
    </text>
  </svg>`;
}

/** Bars for each column's share of the top rows' contributions. */
export function tellingBars(telling: ReportContent["telling"], countMax: number): Html {
  const shown = telling.slice(0, countMax).filter(({ share }) => share > 0);
  const rows = shown.map(
    ({ column, share }) =>
      html`<div class="bar-row">
        <span class="bar-name" title="${column}">${column}</span
        ><span class="bar-track"><span class="bar" style="width:${(100 * share).toFixed(1)}%"></span></span
        ><span class="bar-value">${(100 * share).toFixed(0)} %</span>
      </div>`,
  );
  const rest = telling.length - shown.length;
  return html`<div class="bars">
    ${rows}${rest > 0 ? html`<p class="quiet">and ${countText(rest, "column")} more</p>` : undefined}
  </div>`;
}

const square = { size: 300, left: 44, right: 12, top: 12, bottom: 40 } as const;

export function rocChart(curve: readonly { readonly x: number; readonly y: number }[], area: number): Html {
  const { size, left, right, top, bottom } = square;
  const x = linearScale([0, 1], [left, size - right]);
  const y = linearScale([0, 1], [size - bottom, top]);
  const path = curve.map((point, index) => `${index === 0 ? "M" : "L"}${x.at(point.x)} ${y.at(point.y)}`).join("");
  const ticks = [0, 0.5, 1].map(
    (tick) =>
      html`<text class="tick" x="${x.at(tick)}" y="${size - bottom + 16}" text-anchor="middle">${tick}</text
        ><text class="tick" x="${left - 6}" y="${y.at(tick) + 4}" text-anchor="end">${tick}</text>`,
  );
  return html`<svg class="roc" viewBox="0 0 ${size} ${size}" role="img" aria-label="ROC curve, area ${area.toFixed(3)}">
    <rect class="frame" x="${left}" y="${top}" width="${size - left - right}" height="${size - top - bottom}" />
    <line class="chance" x1="${x.at(0)}" y1="${y.at(0)}" x2="${x.at(1)}" y2="${y.at(1)}" />
    <path class="curve" d="${path}" />
    ${ticks}
    <text class="label" x="${(left + size - right) / 2}" y="${size - 6}" text-anchor="middle">false alarms</text>
    <text
      class="label"
      x="12"
      y="${(top + size - bottom) / 2}"
      text-anchor="middle"
      transform="rotate(-90 12 ${(top + size - bottom) / 2})"
    >
      anomalies found
    </text>
  </svg>`;
}
