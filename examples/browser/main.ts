/** Drop a CSV, see its anomalies: the whole of nomaly's library in a page, without a server. */

import {
  type Detection,
  defaultDetectorId,
  detect,
  detectorById,
  detectors,
  type Explanation,
  type Reason,
  type Table,
} from "@nomaly/detect";
import { isUsual, tellingReasons } from "../../packages/platform/src/report/words/reasons.ts";
import { numberText, usualText, valueText } from "../../packages/platform/src/report/wording.ts";
import { histogramSvg, scatterSvg } from "./charts.ts";
import { columnsOf, type CsvTable, parseCsv, pickRows, reasonToLeaveOut, scoredCsv } from "./csv.ts";
import sampleUrl from "../../fixtures/cars.csv?url";

const shownRowCountMax = 20;
const shownReasonCountMax = 3;
const fileBytesMax = 200_000_000;

type Columns = ReturnType<typeof columnsOf>;

interface Opened {
  readonly name: string;
  readonly table: CsvTable;
  readonly columns: Columns;
}

interface Shown {
  readonly table: CsvTable;
  readonly detection: Detection;
}

let opened: Opened | undefined;
let shown: Shown | undefined;
/** The run under way; a newer one stops it. */
let running: AbortController | undefined;

function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no element "${id}"`);
  return found as E;
}

const detectorSelect = element<HTMLSelectElement>("detector");
const contamination = element<HTMLInputElement>("contamination");

async function openFile(name: string, text: Promise<string>, sizeBytes: number): Promise<void> {
  try {
    if (sizeBytes > fileBytesMax)
      throw new Error(`the file is larger than ${fileBytesMax / 1e6} MB, which is too much for a page`);
    element("file-name").textContent = name;
    element("file-note").textContent = "drop another to replace it";
    const table = parseCsv(await text);
    opened = { name, table, columns: columnsOf(table) };
    showColumns(opened.columns);
    await run();
  } catch (error) {
    running?.abort();
    opened = undefined;
    element("columns").hidden = true;
    showError(error);
  }
}

/** Shows a box for each column; columns that already name or label the rows are not ticked. */
function showColumns(columns: Columns): void {
  element("columns").hidden = false;
  const boxes = columns.map((column) => {
    const reason = reasonToLeaveOut(column, columns);
    const note = reason === undefined ? "" : ` <em>${reason}</em>`;
    const name = escapeHtml(column.name);
    return `<label><input type="checkbox" value="${name}"${reason === undefined ? " checked" : ""} />${name}${note}</label>`;
  });
  element("column-list").innerHTML = boxes.join("");
}

function columnsLeftOut(): string[] {
  return [...document.querySelectorAll<HTMLInputElement>("#column-list input:not(:checked)")].map((box) => box.value);
}

async function run(): Promise<void> {
  if (opened === undefined) return;
  const { name, table, columns } = opened;
  running?.abort();
  const controller = new AbortController();
  running = controller;
  const start = performance.now();
  try {
    const detection = await detect(tableOf(columns), {
      detector: detectorById(detectorSelect.value).id,
      contamination: Number(contamination.value) / 100,
      missing: "median",
      exclude: columnsLeftOut(),
      signal: controller.signal,
    });
    if (running !== controller) return;
    shown = { table, detection };
    element("result").dataset["file"] = name;
    show(columns, detection, performance.now() - start);
  } catch (error) {
    if (running === controller) showError(error);
  }
}

function tableOf(columns: Columns): Table {
  return { rowCount: columns[0].values.length, columns };
}

function show(columns: Columns, detection: Detection, milliseconds: number): void {
  const { model, scores, labels } = detection;
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, shownRowCountMax);
  const explanation = model.explain(tableOf(columns.map((column) => pickRows(column, order))));
  const anomalyCount = labels.reduce((sum, label) => sum + label, 0);
  element("error").hidden = true;
  element("result").hidden = false;
  element("result").dataset["detector"] = model.detectorId;
  element<HTMLButtonElement>("download").disabled = false;
  element("figures").innerHTML = [
    figure(numberText(scores.length), "rows"),
    figure(String(model.columns.length), "columns used"),
    figure(numberText(anomalyCount), "anomalies"),
    figure(`${numberText(Math.round(milliseconds))} ms`, "to learn, score and explain"),
  ].join("");
  element("column-count").textContent = `${model.columns.length} of ${columns.length}`;
  const skipped = model.skippedColumns.map(({ name, reason }) => `${name} (${reason})`);
  element("skipped").textContent = skipped.length > 0 ? `Left out by itself: ${skipped.join(", ")}.` : "";
  element("histogram").innerHTML = histogramSvg(scores, model.threshold);
  showScatter(columns, explanation, labels);
  showRows(columns, order, explanation, detection);
}

function showScatter(columns: Columns, explanation: Explanation, labels: Uint8Array): void {
  const totals = new Map<string, number>();
  for (const { reasons } of explanation.rows) {
    for (const { column, contribution } of reasons) totals.set(column, (totals.get(column) ?? 0) + contribution);
  }
  const numeric = columns.filter((column) => column.kind === "number" && totals.has(column.name));
  const [across, up] = numeric.sort((a, b) => (totals.get(b.name) ?? 0) - (totals.get(a.name) ?? 0));
  element("scatter-title").textContent =
    up === undefined ? "Needs two columns of numbers" : `${across.name} (across) and ${up.name} (up)`;
  element("scatter").innerHTML =
    up === undefined ? "" : scatterSvg(across.values as Float64Array, up.values as Float64Array, labels);
}

function showRows(columns: Columns, order: readonly number[], explanation: Explanation, detection: Detection): void {
  const { scores, labels, ranks } = detection;
  const names = namingColumn(columns);
  const nameHead = names === undefined ? "" : `<th>${escapeHtml(names.name)}</th>`;
  const head = `<tr><th class="number">row</th>${nameHead}<th class="number">score</th><th class="number">rank</th><th>what is odd about it</th></tr>`;
  const lines = explanation.rows.map(({ reasons }, index) => {
    const row = order[index];
    const name = names === undefined ? "" : `<td>${escapeHtml(names.cells[row] ?? "")}</td>`;
    const mark = labels[row] === 1 ? ' <span class="mark" title="above the threshold">●</span>' : "";
    const others = reasons.filter(({ column }) => column !== names?.name);
    const chips = tellingReasons(others, shownReasonCountMax).map(reasonChip).join("");
    const numbers = `<td class="number">${numberText(scores[row])}${mark}</td><td class="number">${(ranks[row] * 100).toFixed(1)} %</td>`;
    return `<tr><td class="number">${row + 1}</td>${name}${numbers}<td>${chips}</td></tr>`;
  });
  element("rows").innerHTML = head + lines.join("");
}

/** The first column of text that differs in most rows: it names the row instead of describing it. */
function namingColumn(columns: Columns): { readonly name: string; readonly cells: readonly (string | null)[] } | undefined {
  for (const column of columns) {
    if (column.kind !== "text" || new Set(column.values).size <= column.values.length / 2) continue;
    return { name: column.name, cells: column.values };
  }
  return undefined;
}

/** A value that is usual by itself can be odd in combination with the others. */
function reasonChip(reason: Reason): string {
  const { column, value, kind, profile } = reason;
  const name = `${escapeHtml(column)} <b>${escapeHtml(valueText(value, kind))}</b>`;
  const usual = `${profile.kind === "number" ? "usual" : "most often"} ${escapeHtml(usualText(profile, kind))}`;
  return `<span class="reason${isUsual(reason) ? " inside" : ""}">${name} <small>${usual}</small></span>`;
}

function figure(value: string, meaning: string): string {
  return `<div><b>${value}</b><span>${meaning}</span></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function showError(error: unknown): void {
  shown = undefined;
  element<HTMLButtonElement>("download").disabled = true;
  element("result").hidden = true;
  element("error").hidden = false;
  element("error").textContent = error instanceof Error ? error.message : String(error);
}

function download(): void {
  if (shown === undefined) return;
  const { scores, labels, ranks } = shown.detection;
  const url = URL.createObjectURL(new Blob([scoredCsv(shown.table, scores, labels, ranks)], { type: "text/csv" }));
  const link = Object.assign(document.createElement("a"), { href: url, download: "scored.csv" });
  link.click();
  URL.revokeObjectURL(url);
}

function showSettings(): void {
  element("share").textContent = `${contamination.value} %`;
  element("detector-summary").textContent = detectors.find(({ id }) => id === detectorSelect.value)?.summary ?? "";
}

function start(): void {
  // To those that score series the rows of a table have no order.
  for (const { id } of detectors.filter(({ traits }) => !traits.scoresSeries)) {
    detectorSelect.add(new Option(id, id, id === defaultDetectorId, id === defaultDetectorId));
  }
  showSettings();
  const drop = element("drop");
  const openFirst = (files: FileList | null | undefined) => {
    const file = files?.[0];
    if (file !== undefined) void openFile(file.name, file.text(), file.size); // It shows its own errors.
  };
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("over");
    openFirst(event.dataTransfer?.files);
  });
  element<HTMLInputElement>("file").addEventListener("change", (event) => openFirst((event.target as HTMLInputElement).files));
  element("sample").addEventListener("click", (event) => {
    event.preventDefault();
    void openFile(
      "cars.csv",
      fetch(sampleUrl).then((response) => response.text()),
      0,
    ); // It shows its own errors.
  });
  element("download").addEventListener("click", download);
  contamination.addEventListener("input", showSettings);
  for (const id of ["settings", "columns"]) {
    element(id).addEventListener("change", () => {
      showSettings();
      void run(); // It shows its own errors.
    });
  }
}

start();
