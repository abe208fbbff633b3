/** Drop a CSV, see its anomalies: the whole of nomaly's library in a page, without a server. */

import { type Detection, defaultDetectorId, detect, detectors, type Explanation, type Reason } from "@nomaly/detect";
import { histogramSvg, scatterSvg, short } from "./charts.ts";
import { columnsByName, type CsvTable, parseCsv, scoredCsv } from "./csv.ts";
import sampleUrl from "../../fixtures/cars.csv?url";

const shownRowCountMax = 20;
const shownReasonCountMax = 3;
const fileBytesMax = 200_000_000;

interface Shown {
  readonly table: CsvTable;
  readonly detection: Detection;
}

let table: CsvTable | undefined;
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
    table = parseCsv(await text);
    element("file-name").textContent = name;
    element("file-note").textContent = "drop another to replace it";
    await run();
  } catch (error) {
    showError(error);
  }
}

async function run(): Promise<void> {
  if (table === undefined) return;
  running?.abort();
  const controller = new AbortController();
  running = controller;
  const start = performance.now();
  try {
    const columns = columnsByName(table);
    const detection = await detect(columns, {
      detector: detectorSelect.value,
      contamination: Number(contamination.value) / 100,
      missing: "median",
      signal: controller.signal,
    });
    if (running !== controller) return;
    shown = { table, detection };
    show(columns, detection, performance.now() - start);
  } catch (error) {
    if (running === controller) showError(error);
  }
}

function show(columns: ReturnType<typeof columnsByName>, detection: Detection, milliseconds: number): void {
  const { model, scores, labels } = detection;
  const order = [...scores.keys()].sort((a, b) => scores[b] - scores[a] || a - b).slice(0, shownRowCountMax);
  const picked = Object.fromEntries(
    Object.entries(columns).map(([name, values]) => [name, order.map((row) => (Number.isNaN(values[row]) ? null : values[row]))]),
  );
  const explanation = model.explain(picked);
  const anomalyCount = labels.reduce((sum, label) => sum + label, 0);
  element("error").hidden = true;
  element("result").hidden = false;
  element("result").dataset["detector"] = model.detectorId;
  element<HTMLButtonElement>("download").disabled = false;
  element("figures").innerHTML = [
    figure(String(scores.length), "rows"),
    figure(String(model.columns.length), "columns used"),
    figure(String(anomalyCount), "anomalies"),
    figure(`${short(milliseconds)} ms`, "to learn, score and explain"),
  ].join("");
  const skipped = model.skippedColumns.map(({ name, reason }) => `${name} (${reason})`);
  element("skipped").textContent = skipped.length > 0 ? `Left out: ${skipped.join(", ")}.` : "";
  element("histogram").innerHTML = histogramSvg(scores, model.threshold);
  showScatter(columns, explanation, labels);
  showRows(order, explanation, detection);
}

function showScatter(columns: ReturnType<typeof columnsByName>, explanation: Explanation, labels: Uint8Array): void {
  const totals = new Map<string, number>();
  for (const { reasons } of explanation.rows) {
    for (const { column, contribution } of reasons) totals.set(column, (totals.get(column) ?? 0) + contribution);
  }
  const numeric = [...totals].filter(([name]) => columns[name] instanceof Float64Array).sort((a, b) => b[1] - a[1]);
  const [across, up] = numeric.map(([name]) => name);
  element("scatter-title").textContent = up === undefined ? "Needs two columns of numbers" : `${across} (across) and ${up} (up)`;
  element("scatter").innerHTML =
    up === undefined ? "" : scatterSvg(columns[across] as Float64Array, columns[up] as Float64Array, labels);
}

function showRows(order: readonly number[], explanation: Explanation, { scores, labels, ranks }: Detection): void {
  const names = namingColumn();
  const nameHead = names === undefined ? "" : `<th>${escapeHtml(names.name)}</th>`;
  const head = `<tr><th class="number">row</th>${nameHead}<th class="number">score</th><th class="number">rank</th><th>what is odd about it</th></tr>`;
  const lines = explanation.rows.map(({ reasons }, index) => {
    const row = order[index];
    const name = names === undefined ? "" : `<td>${escapeHtml(names.cells[row])}</td>`;
    const mark = labels[row] === 1 ? ' <span class="mark" title="above the threshold">●</span>' : "";
    const telling = reasons.filter(({ contribution, column }) => contribution > 0 && column !== names?.name);
    const chips = telling.slice(0, shownReasonCountMax).map(reasonChip).join("");
    const numbers = `<td class="number">${short(scores[row])}${mark}</td><td class="number">${(ranks[row] * 100).toFixed(1)} %</td>`;
    return `<tr><td class="number">${row + 1}</td>${name}${numbers}<td>${chips}</td></tr>`;
  });
  element("rows").innerHTML = head + lines.join("");
}

/** The first column of text that differs in most rows: it says which row it is, rather than what it is like. */
function namingColumn(): { readonly name: string; readonly cells: readonly string[] } | undefined {
  if (shown === undefined) return undefined;
  const { names, rows } = shown.table;
  for (const [index, name] of names.entries()) {
    const cells = rows.map((row) => row[index]);
    const isText = cells.some((cell) => cell !== "" && Number.isNaN(Number(cell)));
    if (isText && new Set(cells).size > rows.length / 2) return { name, cells };
  }
  return undefined;
}

function reasonChip({ column, value, profile }: Reason): string {
  const shownValue = typeof value === "number" ? short(value) : (value ?? "missing");
  const isNumber = profile.kind === "number";
  const usual = isNumber
    ? `${short(profile.low)} to ${short(profile.high)}`
    : profile.commonest
        .slice(0, 2)
        .map((one) => one.value)
        .join(" or ");
  // Usual by itself: then it is the combination with the other columns that is odd.
  const inside = isNumber
    ? typeof value === "number" && value >= profile.low && value <= profile.high
    : profile.commonest.some((one) => one.value === value);
  const name = `${escapeHtml(column)} <b>${escapeHtml(shownValue)}</b>`;
  return `<span class="reason${inside ? " inside" : ""}">${name} <small>${isNumber ? "usual" : "most often"} ${escapeHtml(usual)}</small></span>`;
}

function figure(value: string, meaning: string): string {
  return `<div><b>${value}</b><span>${meaning}</span></div>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
}

function showError(error: unknown): void {
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
  for (const { id } of detectors) detectorSelect.add(new Option(id, id, id === defaultDetectorId, id === defaultDetectorId));
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
  element("settings").addEventListener("change", () => {
    showSettings();
    void run(); // It shows its own errors.
  });
}

start();
