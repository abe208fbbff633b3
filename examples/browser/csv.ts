/** Reads a CSV text into columns by name. For a page; the `nomaly` command has a faster and stricter reader. */

export interface CsvTable {
  readonly names: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** Quoted fields, any of the usual delimiters, the first line as names. @throws when there is no row under it. */
export function parseCsv(text: string): CsvTable {
  const delimiter = guessDelimiter(text);
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
  const [names, ...rows] = records;
  if (rows.length === 0) throw new Error("the file has no rows under its first line");
  const ragged = rows.findIndex((row) => row.length !== names.length);
  if (ragged >= 0) throw new Error(`row ${ragged + 1} has ${rows[ragged].length} fields, the first line has ${names.length}`);
  return { names, rows };
}

function guessDelimiter(text: string): string {
  const firstLine = text.slice(0, text.indexOf("\n"));
  const counts = [",", ";", "\t"].map((candidate) => ({ candidate, count: firstLine.split(candidate).length }));
  return counts.reduce((best, one) => (one.count > best.count ? one : best)).candidate;
}

/** Numbers where every filled cell is one, else texts; empty cells are missing. */
export function columnsByName({ names, rows }: CsvTable): Record<string, Float64Array | (string | null)[]> {
  const columns: Record<string, Float64Array | (string | null)[]> = {};
  names.forEach((name, index) => {
    const cells = rows.map((row) => row[index].trim());
    const numbers = Float64Array.from(cells, (cell) => (cell === "" ? Number.NaN : Number(cell)));
    const isNumeric =
      cells.some((cell) => cell !== "") && cells.every((cell, row) => cell === "" || Number.isFinite(numbers[row]));
    columns[name] = isNumeric ? numbers : cells.map((cell) => (cell === "" ? null : cell));
  });
  return columns;
}

/** The rows as they came, with score, label and rank behind. */
export function scoredCsv(table: CsvTable, scores: Float64Array, labels: Uint8Array, ranks: Float64Array): string {
  const quote = (cell: string) => (/[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
  const lines = table.rows.map((row, index) => [...row.map(quote), scores[index], labels[index], ranks[index]].join(","));
  return [[...table.names.map(quote), "anomaly_score", "is_anomaly", "rank"].join(","), ...lines, ""].join("\n");
}
