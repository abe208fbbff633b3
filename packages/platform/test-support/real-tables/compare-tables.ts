/** Compares what the command says of a file's columns with what pandas reads from the same file. */

/** A table as `draw_tables.py` tells it; the conventions stand there. */
export interface ToldTable {
  readonly file: string;
  readonly package: string;
  readonly table: string;
  /** How the file was written. */
  readonly written: string;
  readonly row_count: number;
  readonly columns: readonly ToldColumn[];
}

export interface ToldColumn {
  readonly name: string;
  readonly kind: "number" | "text" | "boolean" | "date" | "nested" | "empty";
  readonly missing_count: number;
  readonly min?: number | string;
  readonly max?: number | string;
  readonly mean?: number;
  readonly median?: number;
  readonly distinct_count?: number;
}

/** What `nomaly describe --json` says of a file. */
export interface DescribedTable {
  readonly row_count: number;
  readonly columns: readonly DescribedColumn[];
}

export interface DescribedColumn {
  readonly name: string;
  readonly type: string;
  readonly kind: string | null;
  readonly missing_count: number;
  readonly distinct_count: number;
  readonly min: string | null;
  readonly max: string | null;
  readonly mean: number | null;
  readonly quartiles: readonly [number, number, number] | null;
  readonly is_estimated: boolean;
}

/** Relative to the size of the values: both sides sum in float64, in different orders. */
const float64Tolerance = 1e-9;
/** A text of a float32 has as many digits as tell it from the next float32. */
const float32Tolerance = 1e-7;

/** @returns one line for each difference. */
export function differences(told: ToldTable, described: DescribedTable): string[] {
  if (described.row_count !== told.row_count) return [`${described.row_count} rows, pandas reads ${told.row_count}`];
  const names = described.columns.map(({ name }) => name);
  const toldNames = told.columns.map(({ name }) => name);
  if (names.join("\n") !== toldNames.join("\n")) return [`columns ${names.join(", ")}; pandas reads ${toldNames.join(", ")}`];
  return told.columns.flatMap((column, index) =>
    columnDifferences(column, described.columns[index]).map((line) => `column ${column.name}: ${line}`),
  );
}

function columnDifferences(told: ToldColumn, described: DescribedColumn): string[] {
  const lines: string[] = [];
  const same = (what: string, ours: unknown, theirs: unknown) => {
    if (ours !== theirs) lines.push(`${what} ${String(ours)}, pandas says ${String(theirs)}`);
  };
  // A column without values has no kind of its own.
  if (told.kind !== "empty") same("kind", described.kind, told.kind === "nested" ? null : told.kind);
  if (lines.length > 0) return lines;
  if (told.kind === "nested") return [];
  same("missing", described.missing_count, told.missing_count);
  if (told.kind === "text" && !described.is_estimated) same("distinct", described.distinct_count, told.distinct_count);
  if (told.kind === "date") {
    same("min", momentOf(described.min), momentOf(told.min));
    same("max", momentOf(described.max), momentOf(told.max));
  }
  if (told.kind === "number" && told.min !== undefined) lines.push(...numberDifferences(told, described));
  return lines;
}

function numberDifferences(told: ToldColumn, described: DescribedColumn): string[] {
  const tolerance = described.type === "FLOAT" ? float32Tolerance : float64Tolerance;
  const size = Math.max(Math.abs(Number(told.min)), Math.abs(Number(told.max)));
  const pairs: [string, number | null | undefined, number | undefined][] = [
    ["min", Number(described.min), Number(told.min)],
    ["max", Number(described.max), Number(told.max)],
    ["mean", described.mean, told.mean],
  ];
  if (!described.is_estimated) pairs.push(["median", described.quartiles?.[1], told.median]);
  return pairs
    .filter(([, ours, theirs]) => !(Math.abs((ours ?? Number.NaN) - (theirs ?? Number.NaN)) <= tolerance * size))
    .map(([what, ours, theirs]) => `${what} ${ours}, pandas says ${theirs}`);
}

/** Milliseconds of a date in ISO form, in UTC where it names no zone. */
function momentOf(text: number | string | null | undefined): number {
  const iso = String(text).replace(" ", "T");
  const [day, time] = iso.split("T");
  if (time === undefined) return Date.parse(day);
  const zone = /(Z|[+-]\d\d(:?\d\d)?)$/.exec(time)?.[0] ?? "";
  return Date.parse(`${day}T${time.slice(0, time.length - zone.length)}${/^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone || "Z"}`);
}
