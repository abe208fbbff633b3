/** Reads a CSV text into a table of columns. For a page; the `nomaly` command has a faster and stricter reader. */

import type { Column } from "@nomaly/detect";

export interface CsvTable {
  /** Column names as in the file. */
  readonly header: readonly string[];
  /** The same names, changed where two are equal or one is empty. */
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Patterns at the start of a file that show another format. */
const otherFormats: readonly { readonly sign: RegExp; readonly what: string }[] = [
  { sign: /^PAR1/, what: "a Parquet file" },
  { sign: /^ARROW1/, what: "an Arrow file" },
  { sign: /^PK\p{Cc}/u, what: "a ZIP archive or a spreadsheet" },
  { sign: /^%PDF/, what: "a PDF" },
  { sign: /^\s*(?:\{|\[\s*[[{"\d])/, what: "JSON" },
  { sign: /^\s*</, what: "a web page or XML" },
  // eslint-disable-next-line no-control-regex
  { sign: /[\u0000-\u0008\u000e-\u001a]/, what: "binary data" },
];
const startLength = 4096;

/** Words for missing values; the command has the same. */
const missingWords = new Set(["", "NA", "N/A", "n/a", "NULL", "null", "None", "nan", "NaN", "?"]);
/** Texts like 007 are codes, not numbers. */
const plainNumber = /^[+-]?(?:(?:0|[1-9]\d*)(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?$/i;
const isoDate = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?$/;

/** Quoted fields, any of the usual delimiters, the first line as names. @throws when it is no CSV or has no row. */
export function parseCsv(text: string): CsvTable {
  const start = text.slice(0, startLength);
  const other = otherFormats.find(({ sign }) => sign.test(start));
  if (other !== undefined)
    throw new Error(`this is not CSV but ${other.what}; the nomaly command reads more formats than this page`);
  const [header = [], ...rows] = readRecords(text, guessDelimiter(text));
  if (rows.length === 0) throw new Error("the file has no rows under its first line");
  const ragged = rows.findIndex((row) => row.length !== header.length);
  if (ragged >= 0)
    throw new Error(`this is not CSV: row ${ragged + 1} has ${fields(rows[ragged])}, the first line has ${fields(header)}`);
  return { header, names: distinctNames(header), rows };
}

function fields(record: readonly string[]): string {
  return record.length === 1 ? "1 field" : `${record.length} fields`;
}

function readRecords(text: string, delimiter: string): string[][] {
  const records: string[][] = [];
  let record: string[] = [];
  let field = "";
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const letter = text[at];
    if (quoted) {
      if (letter !== '"') field += letter;
      else if (text[at + 1] === '"') field += text[at++];
      else quoted = false;
    } else if (letter === '"' && field === "") quoted = true;
    else if (letter === delimiter) {
      record.push(field);
      field = "";
    } else if (letter === "\n") {
      record.push(field.replace(/\r$/, ""));
      if (record.length > 1 || record[0] !== "") records.push(record);
      record = [];
      field = "";
    } else field += letter;
  }
  if (field !== "" || record.length > 0) records.push([...record, field.replace(/\r$/, "")]);
  if (quoted) throw new Error("this is not CSV: a quoted field is never closed");
  return records;
}

function distinctNames(header: readonly string[]): string[] {
  const taken = new Set<string>();
  return header.map((given, index) => {
    const base = given.trim() === "" ? `column ${index + 1}` : given.trim();
    let name = base;
    for (let count = 2; taken.has(name); count++) name = `${base} (${count})`;
    taken.add(name);
    return name;
  });
}

function guessDelimiter(text: string): string {
  const firstLine = text.slice(0, text.indexOf("\n"));
  const counts = [",", ";", "\t"].map((candidate) => ({ candidate, count: firstLine.split(candidate).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).candidate;
}

/** Numbers or dates where every filled cell is one, else texts; empty cells and words like NA are missing. */
export function columnsOf({ names, rows }: CsvTable): Column[] {
  return names.map((name, index) => {
    const cells = rows.map((row) => row[index].trim()).map((cell) => (missingWords.has(cell) ? null : cell));
    const filled = cells.filter((cell) => cell !== null);
    if (filled.length > 0 && filled.every((cell) => plainNumber.test(cell))) {
      return { kind: "number", name, values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : Number(cell))) };
    }
    if (filled.length > 0 && filled.every((cell) => isoDate.test(cell) && !Number.isNaN(dateOf(cell)))) {
      return { kind: "date", name, values: Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : dateOf(cell))) };
    }
    return { kind: "text", name, values: cells };
  });
}

/** Without a zone, UTC is meant: the same file gives the same scores everywhere. */
function dateOf(text: string): number {
  const [day, time] = text.split(/[T ]/);
  if (time === undefined) return Date.parse(day);
  return Date.parse(`${day}T${time}${/Z|[+-]/.test(time) ? "" : "Z"}`);
}

/** The column at some rows, in that order. */
export function pickRows(column: Column, order: readonly number[]): Column {
  if (column.kind === "text") return { ...column, values: order.map((row) => column.values[row]) };
  return { ...column, values: Float64Array.from(order, (row) => column.values[row]) };
}

const labelNames = /^(is_?)?(label|class|target|outlier|anomaly|anomalous|fraud|attack|ground_?truth|y)$/i;
const earlierNames = ["anomaly_score", "is_anomaly", "rank"];

/** Why the page does not learn from a column unless the user asks for it: the column already names or labels the rows. */
export function reasonToLeaveOut(column: Column, all: readonly Column[]): string | undefined {
  const { name, values } = column;
  if (earlierNames.includes(name) && earlierNames.every((one) => all.some((other) => other.name === one))) return "earlier score";
  return labelNames.test(name) && new Set<unknown>(values).size <= 3 ? "looks like a label" : undefined;
}

/** The rows as they came, with score, label and rank behind. */
export function scoredCsv(table: CsvTable, scores: Float64Array, labels: Uint8Array, ranks: Float64Array): string {
  const quote = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const lines = table.rows.map((row, index) => [...row.map(quote), scores[index], labels[index], ranks[index]].join(","));
  return [[...table.header.map(quote), "anomaly_score", "is_anomaly", "rank"].join(","), ...lines, ""].join("\n");
}
