/** Renders the report as one HTML page without scripts, fonts or pictures from elsewhere. */

import type { ReportContent, ReportRow, Scatter } from "./content.ts";
import { distributionChart, rocChart, tellingBars } from "./charts.ts";
import { factList } from "./fact-list.ts";
import { type Html, html } from "./html.ts";
import { pageFrame } from "./page-frame.ts";
import { beyondCount, scatterChart } from "./scatter-chart.ts";
import {
  absentTexts,
  agreementNote,
  defaultShareText,
  ensembleTexts,
  foundByText,
  howSureText,
  scoreNote,
} from "./words/agreement.ts";
import { labelledCountsText, rocAucNote, topCountText } from "./words/evaluation.ts";
import { reasonList } from "./reason-list.ts";
import { countText, numberText, percentText, rankText, rankTexts, scoreTexts, usualText, valueText } from "./wording.ts";

const barCount = 12;

export function reportPage(content: ReportContent): string {
  const { file, anomalyCount, rowCount } = content;
  const name = file.split(/[\\/]/).at(-1) ?? file;
  return pageFrame({
    title: `${countText(anomalyCount, "anomaly", "anomalies")} in ${name}`,
    body: html`<header>
        <h1><em>${countText(anomalyCount, "anomaly", "anomalies")}</em> in ${countText(rowCount, "row")} of ${name}</h1>
        <p class="quiet">${content.algorithmSummary}</p>
        ${agreementLines(content)} ${facts(content)}
      </header>
      <section class="card" aria-labelledby="distribution">
        <h2 id="distribution">Scores</h2>
        <p class="quiet small">
          Higher is more anomalous. Heights are square roots, so that a few extreme rows can be seen beside many usual ones.
        </p>
        ${distributionChart(content)}
      </section>
      ${content.evaluation === undefined ? undefined : evaluationCard(content.evaluation)} ${columnCards(content)}
      ${topCard(content)} ${originCard(content)}
      <footer>
        Made by nomaly ${content.version}, ${content.createdAt.slice(0, 16).replace("T", " ")} UTC, in
        ${numberText(content.seconds)} s.
      </footer>`,
  });
}

/** Who was asked, and how far they agree. */
function agreementLines({ ensemble, agreement, defaultShare, anomalyCount, rowCount }: ReportContent): Html[] {
  const share = defaultShare === undefined ? [] : [defaultShareText(anomalyCount / rowCount, defaultShare)];
  const sure = agreement === undefined ? [] : [howSureText(agreement, anomalyCount)];
  return [
    ...ensembleTexts(ensemble).map((line) => html`<p class="quiet small">${sentence(line)}</p>`),
    ...[...share, ...sure].map((line) => html`<p class="small">${sentence(line)}</p>`),
  ];
}

function facts(content: ReportContent): Html {
  const { algorithm, threshold, thresholdRule, seed, rowCount, fittedRowCount, columns, anomalyCount } = content;
  const list: [string, string][] = [
    ["algorithm", algorithm],
    ["threshold", `${numberText(threshold)} (${thresholdRule})`],
    ["anomalous", percentText(anomalyCount / rowCount)],
    ["rows", rowCount.toLocaleString("en-US")],
    ...(fittedRowCount === rowCount ? [] : [["learned from", countText(fittedRowCount, "row")] as [string, string]]),
    ["columns used", String(columns.length)],
    ["seed", String(seed)],
  ];
  return factList(list);
}

function evaluationCard(figures: NonNullable<ReportContent["evaluation"]>): Html {
  const { truePositives, falsePositives, falseNegatives, trueNegatives } = figures;
  const list: [string, string][] = [
    ["ROC-AUC", figures.rocAuc.toFixed(3)],
    ["average precision", figures.averagePrecision.toFixed(3)],
    [`precision at ${truePositives + falseNegatives}`, figures.precisionAtN.toFixed(3)],
    ["F1 at the threshold", figures.f1.toFixed(3)],
  ];
  return html`<section class="card" aria-labelledby="evaluation">
    <h2 id="evaluation">Compared with known labels</h2>
    <p>${sentence(labelledCountsText(figures))} ${sentence(topCountText(figures))}</p>
    <p class="quiet small">The labels were not used to learn. ${sentence(rocAucNote)}</p>
    <div class="pair roc-pair">
      <div>${rocChart(figures.rocCurve, figures.rocAuc)}</div>
      <div>
        <div class="figures">
          ${list.map(([name, value]) => html`<div><b>${value}</b><span class="quiet small">${name}</span></div>`)}
        </div>
        <table class="confusion">
          <thead>
            <tr>
              <th></th>
              <th class="number">known anomalies</th>
              <th class="number">known normal</th>
            </tr>
          </thead>
          <tbody>
            <tr>
              <th scope="row">above the threshold</th>
              <td class="number">${truePositives.toLocaleString("en-US")}</td>
              <td class="number">${falsePositives.toLocaleString("en-US")}</td>
            </tr>
            <tr>
              <th scope="row">below</th>
              <td class="number">${falseNegatives.toLocaleString("en-US")}</td>
              <td class="number">${trueNegatives.toLocaleString("en-US")}</td>
            </tr>
          </tbody>
        </table>
      </div>
    </div>
  </section>`;
}

function columnCards({ telling, scatter }: ReportContent): Html | undefined {
  if (telling.length < 2) return undefined;
  const bars = html`<section class="card" aria-labelledby="telling">
    <h2 id="telling">Columns that mattered most</h2>
    <p class="quiet small">What made the rows below anomalous, shared out over the columns.</p>
    ${tellingBars(telling, barCount)}
  </section>`;
  if (scatter === undefined) return bars;
  return html`<div class="pair">
    ${bars}
    <section class="card" aria-labelledby="plane">
      <h2 id="plane">${scatter.x.name} and ${scatter.y.name}</h2>
      <p class="quiet small">
        ${scatterNote(scatter)}<span class="legend"><span class="key odd"></span>anomaly</span>
        <span class="legend"><span class="key usual"></span>other rows</span>
        <span class="legend"><span class="key band"></span>usual</span>
      </p>
      ${scatterChart(scatter)}
    </section>
  </div>`;
}

/** Explains the choice of columns, and what the chart leaves out. */
function scatterNote(scatter: Scatter): string {
  const { x, y, passedOver, sampled } = scatter;
  const what = x.kind === "date" || y.kind === "date" ? "columns of numbers or dates" : "columns of numbers";
  const few =
    passedOver.length === 0
      ? ""
      : `, of those with many different values (${passedOver.join(", ")} mattered more than ${y.name}, but ${passedOver.length === 1 ? "has" : "have"} few)`;
  const sentences = [`The two ${what} that mattered most${few}.`];
  if (sampled) sentences.push("A sample of the rows, and all rows listed below.");
  const beyond = beyondCount(scatter);
  if (beyond > 0)
    sentences.push(`${countText(beyond, "row")} far outside ${beyond === 1 ? "is" : "are"} drawn as a triangle at the edge.`);
  return sentences.join(" ");
}

function topCard(content: ReportContent): Html | undefined {
  const { top, nameColumn, ensemble } = content;
  if (top.length === 0) return undefined;
  const agreement = ensemble === undefined ? undefined : agreementNote(ensemble.members.length);
  const hasLabels = top.some((row) => row.label !== undefined);
  const [scores, ranks] = [scoreTexts(top.map(({ score }) => score)), rankTexts(top.map(({ rank }) => rank))];
  const hasMembers = top.some(({ members }) => members.length > 0);
  const head = html`<tr>
    <th class="number">row</th>
    ${nameColumn === undefined ? undefined : html`<th>${nameColumn}</th>`}
    <th class="number">score</th>
    <th class="number">ranks above</th>
    ${hasMembers ? html`<th>${ensemble === undefined ? "found by" : "agree"}</th>` : undefined}
    ${hasLabels ? html`<th>known as</th>` : undefined}
    <th>why</th>
  </tr>`;
  return html`<section class="card" aria-labelledby="top">
    <h2 id="top">The most anomalous rows</h2>
    <p class="quiet small">
      Each strip reaches over the training values of the column, far ones drawn at its ends; the band holds the usual ones (5 % to
      95 %). A red dot lies outside it; a blue one is usual alone, less so with the rest of its row. There is no strip for texts,
      and none where being there at all is what is unusual. Row 1 is the first after the header, if there is one.
    </p>
    <p class="quiet small">${sentence(scoreNote)}${agreement === undefined ? "" : ` ${sentence(agreement)}`}</p>
    <table class="top">
      <thead>
        ${head}
      </thead>
      <tbody>
        ${top.map((row, index) => topRow({ row, score: scores[index], rank: ranks[index] }, nameColumn !== undefined, hasLabels))}
      </tbody>
    </table>
    ${content.anomalyCount > top.length ? html`<p class="quiet small">The first ${top.length} of ${content.anomalyCount} anomalies; --top N shows more.</p>` : undefined}
  </section>`;
}

interface ShownRow {
  readonly row: ReportRow;
  readonly score: string;
  readonly rank: string;
}

function topRow({ row, score, rank }: ShownRow, hasNames: boolean, hasLabels: boolean): Html {
  const name = hasNames ? html`<td class="name">${row.name ?? ""}</td>` : undefined;
  const known = row.label === 1 ? html`<span class="tag odd">anomaly</span>` : html`<span class="tag">normal</span>`;
  return html`<tr${row.isAnomaly ? html` class="anomaly"` : undefined}>
<td class="number inline quiet" data-label="row">${row.row.toLocaleString("en-US")}</td>${name}<td class="number score inline" data-label="score">${score}</td><td class="number inline quiet" data-label="ranks above">${rank}</td>${foundByCell(row.members)}${hasLabels ? html`<td class="inline">${row.label === undefined ? undefined : known}</td>` : undefined}
<td>${reasonList(row.reasons)}</td>
</tr>`;
}

function foundByCell(members: ReportRow["members"]): Html | undefined {
  if (members.length === 0) return undefined;
  const ranks = members.map(({ algorithm, looksAt, rank }) => `${looksAt ?? algorithm}: rank ${rankText(rank)}`).join(", ");
  const label = members.some(({ looksAt }) => looksAt !== undefined) ? "agree" : "found by";
  return html`<td class="inline small" data-label="${label}" title="${ranks}">${foundByLines(members)}</td>`;
}

/** How many members agree, and below what those, or the others, look at. */
function foundByLines(members: ReportRow["members"]): Html {
  const [count, ...views] = foundByText(members).split(": ");
  if (views.length === 0) return html`${count}`;
  return html`${count}<span class="views quiet">${views.join(": ")}</span>`;
}

function originCard(content: ReportContent): Html {
  const { params, columns, skipped, notes, command, file } = content;
  const paramList = Object.entries(params).map(([name, value]) => `${name}=${String(value)}`);
  return html`<section class="card" aria-labelledby="origin">
    <h2 id="origin">How this was made</h2>
    <pre><code>${command}</code></pre>
    <p class="small"><span class="quiet">File:</span> ${file}</p>
    <p class="small">
      <span class="quiet">Parameters:</span> ${paramList.length === 0 ? "none" : paramList.join(", ")}; seed ${content.seed}
    </p>
    ${ensembleLines(content)}
    ${skipped.map(({ name, reason }) => html`<p class="small"><span class="quiet">Left out:</span> ${name} (${reason})</p>`)}
    ${notes.map((note) => html`<p class="small"><span class="quiet">Note:</span> ${note}</p>`)}
    <details>
      <summary>What is usual in each column</summary>
      <div class="wide">
        <table class="columns">
          <thead>
            <tr>
              <th>column</th>
              <th>usual</th>
              <th>all</th>
              <th class="number">missing</th>
            </tr>
          </thead>
          <tbody>
            ${columns.map(
              (column) =>
                html`<tr>
                  <td>${column.name}</td>
                  <td>${usualText(column.profile, column.kind)}</td>
                  <td>${wholeRange(column)}</td>
                  <td class="number">${column.profile.missingCount}</td>
                </tr>`,
            )}
          </tbody>
        </table>
      </div>
    </details>
  </section>`;
}

/** Who was asked, and who was not and why. */
function ensembleLines({ ensemble }: ReportContent): Html[] {
  if (ensemble === undefined) return [];
  const asked = ensemble.members.map(({ looksAt, detectorId, sees }) => `${looksAt} (${detectorId}): ${sees}`);
  return [
    ...asked.map((text) => html`<p class="small"><span class="quiet">Check of</span> ${text}</p>`),
    ...absentTexts(ensemble).map((text) => html`<p class="small"><span class="quiet">Check left out:</span> ${text}</p>`),
  ];
}

function sentence(text: string): string {
  return `${text[0].toUpperCase()}${text.slice(1)}${text.endsWith(".") ? "" : "."}`;
}

function wholeRange({ profile, kind }: ReportContent["columns"][number]): string {
  if (profile.kind === "category") return countText(profile.distinctCount, "category", "categories");
  return `${valueText(profile.min, kind)} to ${valueText(profile.max, kind)}`;
}
