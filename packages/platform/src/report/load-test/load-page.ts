/** Renders a load test as one HTML page in the style of the report: no scripts, nothing from elsewhere. */

import { factList } from "../fact-list.ts";
import { type Html, html } from "../html.ts";
import type { LoadContent } from "./load-content.ts";
import { pageFrame } from "../page-frame.ts";
import { linearScale } from "../axes/scale.ts";
import { countText, numberText } from "../wording.ts";

export function loadPage(content: LoadContent): string {
  const { test, url, how, version, createdAt, command, notes } = content;
  return pageFrame({
    title: `load test of ${test} at ${url}`,
    body: html`<header>
        <h1>Load test of ${test}</h1>
        <p class="quiet">${url}: ${how}</p>
        ${factList(content.figures)}
      </header>
      ${latencyCard(content)} ${outcomeCard(content)} ${kindsCard(content)} ${expectationCard(content)}
      <section class="card" aria-labelledby="origin">
        <h2 id="origin">How this was made</h2>
        <pre><code>${command}</code></pre>
        ${notes.map((note) => html`<p class="small"><span class="quiet">Note:</span> ${note}</p>`)}
      </section>
      <footer>Made by nomaly ${version}, ${createdAt.slice(0, 16).replace("T", " ")} UTC.</footer>`,
  });
}

function latencyCard({ bars, timed, unit }: LoadContent): Html | undefined {
  if (bars.length === 0) return undefined;
  return html`<section class="card" aria-labelledby="times">
    <h2 id="times">${timed}</h2>
    <p class="quiet small">
      Each bar reaches over the same ratio of times, as on a logarithmic axis. Heights are square roots, so that a few slow ones
      can be seen beside many fast ones.
    </p>
    ${latencyChart(bars, timed, unit)}
  </section>`;
}

const chart = { width: 960, height: 240, left: 12, right: 12, top: 26, bottom: 34 } as const;
/** Of the texts below the bars. */
const labelCountMax = 13;

function latencyChart(bars: LoadContent["bars"], timed: string, unit: string): Html {
  const { width, height, left, right, top, bottom } = chart;
  const x = linearScale([0, bars.length], [left, width - right]);
  const base = height - bottom;
  const y = linearScale([0, Math.sqrt(Math.max(1, ...bars.map(({ count }) => count)))], [base, top]);
  const every = Math.ceil((bars.length + 1) / labelCountMax);
  const drawn = bars.map(({ fromMs, toMs, count }, index) => {
    const barTop = y.at(Math.sqrt(count));
    const [from, to] = [x.at(index), x.at(index + 1)];
    if (count === 0) return undefined;
    return html`<rect
        class="usual"
        x="${from + 0.75}"
        y="${barTop}"
        width="${Math.max(0.5, to - from - 1.5).toFixed(2)}"
        height="${(base - barTop).toFixed(2)}"
        rx="2"
        ><title>${numberText(fromMs)} to ${numberText(toMs)} ms: ${countText(count, unit)}</title></rect
      ><text class="count" x="${(from + to) / 2}" y="${barTop - 4}" text-anchor="middle">${count.toLocaleString("en-US")}</text>`;
  });
  const edges = [...bars.map(({ fromMs }) => fromMs), bars[bars.length - 1].toMs];
  const ticks = edges.map((edge, index) =>
    index % every === 0
      ? html`<text class="tick" x="${x.at(index)}" y="${base + 22}" text-anchor="middle">${edgeText(edge)}</text>`
      : undefined,
  );
  return html`<svg class="distribution" viewBox="0 0 ${width} ${height}" role="img" aria-label="${timed} in milliseconds">
    ${drawn}
    <line class="axis" x1="${left}" x2="${width - right}" y1="${base}" y2="${base}" />
    ${ticks}
  </svg>`;
}

function edgeText(milliseconds: number): string {
  return `${numberText(Number(milliseconds.toPrecision(3)))} ms`;
}

function outcomeCard({ outcomes }: LoadContent): Html | undefined {
  if (outcomes.length === 0) return undefined;
  return html`<section class="card" aria-labelledby="outcomes">
    <h2 id="outcomes">What became of them</h2>
    <table>
      <tbody>
        ${outcomes.map(
          ({ what, meaning, count, isSuccess }) =>
            html`<tr>
              <td>${tag(what, isSuccess)}</td>
              <td>${meaning}</td>
              <td class="number">${count.toLocaleString("en-US")}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function kindsCard({ kinds: [head, ...rows] }: LoadContent): Html | undefined {
  if (rows.length === 0) return undefined;
  return html`<section class="card" aria-labelledby="kinds">
    <h2 id="kinds">Kinds of request</h2>
    <div class="wide">
      <table>
        <thead>
          <tr>
            ${head.map((name, index) => html`<th class="${index === 0 ? "name" : "number"}">${name}</th>`)}
          </tr>
        </thead>
        <tbody>
          ${rows.map(
            (cells) =>
              html`<tr>
                ${cells.map((cell, index) => html`<td class="${index === 0 ? "name" : "number"}">${cell}</td>`)}
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

function expectationCard({ expectations }: LoadContent): Html | undefined {
  if (expectations.length === 0) return undefined;
  return html`<section class="card" aria-labelledby="limits">
    <h2 id="limits">Limits</h2>
    <table>
      <tbody>
        ${expectations.map(
          ({ text, value, isMet }) =>
            html`<tr>
              <td>${tag(isMet ? "kept" : "missed", isMet)}</td>
              <td>${text}</td>
              <td class="number">${value}</td>
            </tr>`,
        )}
      </tbody>
    </table>
  </section>`;
}

function tag(text: string, isGood: boolean): Html {
  return html`<span class="tag${isGood ? "" : " odd"}">${text}</span>`;
}
