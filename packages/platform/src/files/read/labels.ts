/** Reads known labels of a file's rows: numbers, flags or words that mean 1 for anomalous and 0 for normal, or any two values. */

import { type Column, type MessagePart, nearestName, NomalyError, rowAtFault, type Table } from "@nomaly/detect";

const anomalousWords = ["1", "1.0", "true", "yes", "y", "t", "anomaly", "anomalous", "abnormal", "outlier", "fraud", "attack"];
const normalWords = ["0", "0.0", "false", "no", "n", "f", "normal", "inlier", "nominal", "benign"];

/** Different values that are remembered: all spellings of the words above, and some others. */
const valueCountMax = 200;
const shownLengthMax = 40;

/** Where labels stand, and what they look like. */
export interface LabelSource {
  readonly name: string;
  /** The value of anomalous rows; the other value is normal. Undefined: the words above. */
  readonly anomalyValue?: string | undefined;
}

export interface LabelReader {
  readonly name: string;
  /**
   * Reads the labels of some rows. Rows that were read before are skipped, so that a file may be read twice.
   * @throws NomalyError LABEL with the row (from 0 within the batch) whose value can be no label.
   */
  add(batch: Table & { readonly firstRow: number }): void;
  /** 1 for anomalous. @throws NomalyError LABEL when the values are not two, or do not tell which of them is anomalous. */
  labels(): Uint8Array;
  /** The values as they stand in the file; call it after {@link labels}. */
  values(): { readonly anomalous: string; readonly normal: string };
}

/** @param anomalyValue as in {@link LabelSource}. @throws NomalyError LABEL, with the row (from 0 within the column) where one is at fault. */
export function labelsOf(column: Column, anomalyValue: string | undefined): Uint8Array {
  const reader = createLabelReader({ name: column.name, anomalyValue });
  reader.add({ rowCount: column.values.length, columns: [column], firstRow: 0 });
  return reader.labels();
}

export function createLabelReader({ name, anomalyValue }: LabelSource): LabelReader {
  /** Of each value the index by which `parts` name it, and the first row that has it. */
  const found = new Map<string, FoundValue>();
  const parts: Uint8Array[] = [];
  let rowCount = 0;

  function add(batch: Parameters<LabelReader["add"]>[0]): void {
    if (batch.firstRow < rowCount) return;
    const column = batch.columns.find((candidate) => candidate.name === name);
    if (column === undefined) throw new NomalyError("COLUMN", `there is no column "${name}"`, { field: name });
    const indexes = new Uint8Array(batch.rowCount);
    for (let row = 0; row < indexes.length; row++) indexes[row] = indexOf(column, row, batch.firstRow);
    parts.push(indexes);
    rowCount += batch.rowCount;
  }

  function indexOf(column: Column, row: number, firstRow: number): number {
    const text = valueText(column, row);
    const known = found.get(text ?? "");
    if (known !== undefined) return known.index;
    if (text === undefined) throw notALabel(name, text, row);
    const value = { index: found.size, firstRow: firstRow + row, label: column.kind === "date" ? undefined : labelOfWord(text) };
    found.set(text, value);
    refuseMany(row, firstRow);
    return value.index;
  }

  /** Throws as soon as it is certain that the values cannot be labels. */
  function refuseMany(row: number, firstRow: number): void {
    if (found.size <= 2) return;
    if (anomalyValue !== undefined) throw tooManyValues(name, [...found.keys()], row);
    const strange = [...found].find(([, { label }]) => label === undefined);
    if (strange !== undefined) throw notALabel(name, strange[0], strange[1].firstRow - firstRow);
    if (found.size > valueCountMax) throw tooManyValues(name, [...found.keys()], row);
  }

  function labels(): Uint8Array {
    const words = [...found.keys()];
    const labelByIndex =
      anomalyValue === undefined ? labelsOfWords() : words.map((word) => (word === anomalyWord(words) ? 1 : 0));
    if (new Set(labelByIndex).size < 2) throw oneValue(name, words);
    const all = new Uint8Array(rowCount);
    let at = 0;
    for (const part of parts) for (const index of part) all[at++] = labelByIndex[index];
    return all;
  }

  function labelsOfWords(): readonly number[] {
    const words = [...found.keys()];
    const known = [...found.values()].map(({ label }) => label);
    if (known.every((label) => label !== undefined)) return known;
    throw words.length < 2 ? oneValue(name, words) : whichIsAnomalous(name, words);
  }

  function anomalyWord(words: readonly string[]): string {
    const wanted = (anomalyValue ?? "").trim();
    const same = words.find((word) => word === wanted || sameNumber(word, wanted) || sameFlag(word, wanted));
    if (same !== undefined) return same;
    const nearest = nearestName(wanted, words);
    const hint = nearest === undefined ? `it holds ${quoted(words)}` : `did you mean "${nearest}"?`;
    const message = `column "${name}" has no value "${wanted}", which is to mark anomalous rows; ${hint}`;
    throw new NomalyError("LABEL", message, { field: name, received: wanted });
  }

  function values(): ReturnType<LabelReader["values"]> {
    const words = [...found.keys()];
    const isAnomalous = (word: string) =>
      anomalyValue === undefined ? found.get(word)?.label === 1 : word === anomalyWord(words);
    return { anomalous: words.find(isAnomalous) ?? "", normal: words.find((word) => !isAnomalous(word)) ?? "" };
  }

  return { name, add, labels, values };
}

interface FoundValue {
  readonly index: number;
  readonly firstRow: number;
  /** Undefined for a value that is no word for either. */
  readonly label: number | undefined;
}

/** Undefined for a missing value. */
function valueText({ kind, values }: Column, row: number): string | undefined {
  const value = values[row];
  if (value === null || Number.isNaN(value)) return undefined;
  if (typeof value === "string") return value.trim() === "" ? undefined : value.trim();
  if (kind === "date") return new Date(value).toISOString();
  if (kind === "boolean") return value === 1 ? "true" : "false";
  return String(value);
}

function labelOfWord(text: string): number | undefined {
  const word = text.toLowerCase();
  if (anomalousWords.includes(word)) return 1;
  return normalWords.includes(word) ? 0 : undefined;
}

function sameNumber(word: string, wanted: string): boolean {
  return wanted !== "" && !Number.isNaN(Number(wanted)) && Number(word) === Number(wanted);
}

/** `1`, `yes` and `True` for a column of flags. */
function sameFlag(word: string, wanted: string): boolean {
  return (word === "true" || word === "false") && labelOfWord(wanted) === (word === "true" ? 1 : 0);
}

function quoted(words: readonly string[], between = " and "): string {
  return words
    .slice(0, 3)
    .map((word) => `"${word.slice(0, shownLengthMax)}"`)
    .join(between);
}

function whichOption(words: readonly string[]): MessagePart {
  return { kind: "option", name: "anomaly_value", values: words.map((word) => word.slice(0, shownLengthMax)) };
}

function whichIsAnomalous(name: string, words: readonly string[]): NomalyError {
  const message = [`column "${name}" holds the two values ${quoted(words)}: tell which is anomalous with `, whichOption(words)];
  return new NomalyError("LABEL", message, { field: name, received: quoted(words) });
}

function tooManyValues(name: string, words: readonly string[], rowIndex: number): NomalyError {
  const message = [
    `column "${name}" must hold two values to be labels, and holds more: ${quoted(words, ", ")}, the last in `,
    rowAtFault,
  ];
  return new NomalyError("LABEL", message, { field: name, received: words[words.length - 1], rowIndex });
}

function oneValue(name: string, words: readonly string[]): NomalyError {
  const message = `column "${name}" holds only ${quoted(words) || "no value"}: labels must tell anomalous rows from normal ones`;
  return new NomalyError("LABEL", message, { field: name, received: words[0] });
}

function notALabel(name: string, value: string | undefined, rowIndex: number): NomalyError {
  const received = value === undefined ? "nothing" : `"${value.slice(0, shownLengthMax)}"`;
  const expects = `column "${name}" must hold labels, 1 for anomalous and 0 for normal (or yes and no, anomaly and normal), or any two values; `;
  return new NomalyError("LABEL", [expects, rowAtFault, ` holds ${received}`], { field: name, received, rowIndex });
}
