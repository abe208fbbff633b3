/** What a plan says about making its statement faster: indexes that do not exist, and memory that does not suffice. */

import type { Sql } from "../postgres/sql.ts";
import { type Comparison, comparisonsIn, sortColumn } from "./plan-conditions.ts";
import { nodesOf, type PlanNode, through } from "./plan-nodes.ts";
import type { FindTable, TableFacts } from "./table-facts.ts";

export interface WorkMemory {
  readonly workBytes: number;
  /** Of hashed joins and aggregates. */
  readonly hashBytes: number;
}

export interface PlanContext {
  readonly facts: FindTable;
  readonly memory: WorkMemory;
  /** Whether calls of the statement have written temporary files. */
  readonly isSpilling: boolean;
}

/** Reading all of a smaller table is quick. */
const rowCountMin = 10_000;
/** An index pays for conditions that leave at most this share of the rows. */
const shareMax = 0.1;
/** And for joins whose other side has at most this share of the table's rows. */
const joinShareMax = 0.01;
/** A column with fewer different values leads to too many rows each, beside another one. */
const distinctCountMin = 10;
const suggestionCountMax = 5;

/** An index to build: on columns of a table, why, and which columns of it made the reason. */
interface WantedIndex {
  readonly table: TableFacts;
  readonly columns: readonly string[];
  readonly why: string;
}

export async function workMemory(sql: Pick<Sql, "query">): Promise<WorkMemory> {
  const text = `select pg_size_bytes(current_setting('work_mem'))::float8 as "workBytes",
    pg_size_bytes(current_setting('work_mem')) * current_setting('hash_mem_multiplier')::float8 as "hashBytes"`;
  return (await sql.query<WorkMemory>(text)).rows[0];
}

export function planSuggestions(plan: PlanNode, { facts, memory, isSpilling }: PlanContext): readonly string[] {
  const nodes = nodesOf(plan);
  const wanted = [
    ...nodes.flatMap((node) => orderIndex(node, facts)),
    ...nodes.flatMap((node) => filterIndex(node, facts)),
    ...nodes.flatMap((node) => joinIndexes(node, facts)),
  ];
  // Under a limit, a sort keeps the first rows only.
  const limited = new Set(nodes.flatMap((node) => (node["Node Type"] === "Limit" ? [limitedSort(node)] : [])));
  const spills = isSpilling ? nodes.flatMap((node) => (limited.has(node) ? [] : spillOf(node, memory))) : [];
  return [...distinct(wanted).map(indexText), ...new Set(spills)].slice(0, suggestionCountMax);
}

/** One for each table and first column: the partitions of a table all want the same, and the first rule says most. */
function distinct(wanted: readonly WantedIndex[]): readonly WantedIndex[] {
  const byStart = new Map<string, WantedIndex>();
  for (const index of wanted) {
    const start = `${index.table.root} ${columnOf(index.columns[0])}`;
    if (!byStart.has(start)) byStart.set(start, index);
  }
  return [...byStart.values()];
}

function indexText({ table, columns, why }: WantedIndex): string {
  const partition = table.root === table.quoted ? "" : ` (and on the other partitions of ${table.root})`;
  return `${why}: CREATE INDEX CONCURRENTLY ON ${table.quoted} (${columns.join(", ")})${partition}`;
}

/** A large table that is read whole for few of its rows, by columns with which no index begins. */
function filterIndex(node: PlanNode, facts: FindTable): readonly WantedIndex[] {
  const table = node["Node Type"] === "Seq Scan" ? facts(node) : undefined;
  if (table === undefined || !isLarge(table) || node["Plan Rows"] > table.rowCount * shareMax) return [];
  const columns = filterColumns(node, table);
  if (columns.length === 0 || columns.some((column) => leads(table, column))) return [];
  const why = `${table.quoted} is read whole (${count(table.rowCount)} rows) for those of some ${names(columns)}, and no index begins with ${
    columns.length === 1 ? "it" : "one of them"
  }`;
  return [{ table, columns, why }];
}

/** ORDER BY with LIMIT that sorts a large table, where an index would give the first rows in order. */
function orderIndex(node: PlanNode, facts: FindTable): readonly WantedIndex[] {
  if (node["Node Type"] !== "Limit") return [];
  const sort = limitedSort(node);
  const scan = sort?.Plans?.[0];
  const table = scan?.["Node Type"] === "Seq Scan" ? facts(scan) : undefined;
  if (sort === undefined || scan === undefined || table === undefined || !isLarge(table)) return [];
  const keys = (sort["Sort Key"] ?? []).map(sortColumn);
  if (keys.some((key) => key === undefined || !isAlias(key.alias, scan))) return [];
  const equal = equalColumns(comparisonsOn(scan, table), table);
  const ordered = keys.flatMap((key) => (key === undefined ? [] : [`${key.column}${key.direction}`]));
  const columns = [...new Set([...equal, ...ordered])];
  if (servesOrder(table, columns) || (equal.length > 0 && servesOrder(table, ordered))) return [];
  const why = `ORDER BY ${names(ordered)} with LIMIT sorts ${count(scan["Plan Rows"])} rows of ${table.quoted}, which an index gives in order`;
  return [{ table, columns, why }];
}

function limitedSort(limit: PlanNode): PlanNode | undefined {
  const below = through(limit.Plans?.[0], ["Result", "LockRows"]);
  return below?.["Node Type"] === "Sort" ? below : undefined;
}

/** Whether an index has these columns first: PostgreSQL reads it in either direction, and knows better when it does not. */
function servesOrder(table: TableFacts, columns: readonly string[]): boolean {
  return table.indexes.some((index) => columns.every((column, at) => index[at] === columnOf(column)));
}

/** A join that reads a large table whole, or again and again, to find the partners of few rows. */
function joinIndexes(node: PlanNode, facts: FindTable): readonly WantedIndex[] {
  const type = node["Node Type"];
  const condition = type === "Nested Loop" ? node["Join Filter"] : (node["Hash Cond"] ?? node["Merge Cond"]);
  const [outer, inner] = node.Plans ?? [];
  if (condition === undefined || outer === undefined || inner === undefined) return [];
  const sides = [
    [inner, outer],
    [outer, inner],
  ];
  return sides.flatMap(([side, other]): readonly WantedIndex[] => {
    const scan = through(side, ["Hash", "Sort", "Materialize", "Memoize"]);
    const table = scan?.["Node Type"] === "Seq Scan" ? facts(scan) : undefined;
    if (scan === undefined || table === undefined || !isLarge(table)) return [];
    // A nested loop reads its inner side once for each row of the outer one, the other joins read each side once.
    const isRepeated = type === "Nested Loop" && side === inner;
    if (!isRepeated && other["Plan Rows"] > table.rowCount * joinShareMax) return [];
    const comparisons = comparisonsIn(condition).filter((comparison) => isOn(comparison, scan, table));
    const columns = equalColumns(comparisons, table);
    if (columns.length === 0 || columns.some((column) => leads(table, column))) return [];
    const [column] = columns;
    const why = `the join reads ${table.quoted} whole (${count(table.rowCount)} rows) to find those of some ${column}, and no index begins with it`;
    return [{ table, columns: [column], why }];
  });
}

/** A sort or hash that PostgreSQL expects to be larger than its memory. Sizes as its planner counts them (costsize.c, nodeHash.c). */
function spillOf(node: PlanNode, { workBytes, hashBytes }: WorkMemory): readonly string[] {
  const rows = node["Plan Rows"];
  const width = Math.ceil(node["Plan Width"] / 8) * 8;
  const bytes = { Sort: rows * (width + 24), Hash: rows * (width + 32) }[node["Node Type"]] ?? 0;
  const limit = node["Node Type"] === "Sort" ? workBytes : hashBytes;
  const isSpilled = bytes > limit || (node["Planned Partitions"] ?? 0) > 0;
  if (!isSpilled) return [];
  const what = { Sort: "a sort", Hash: "the hash of a join" }[node["Node Type"]] ?? "a hashed aggregate";
  const size = bytes === 0 ? "" : ` of about ${mebibytes(bytes)}`;
  return [
    `${what}${size} does not fit into ${mebibytes(limit)} and goes to disk: raise work_mem for this statement, or give it fewer rows`,
  ];
}

/** Those that are compared for equality first, then one with a range: more columns of ranges serve no search. */
function filterColumns(scan: PlanNode, table: TableFacts): readonly string[] {
  const comparisons = comparisonsOn(scan, table);
  const equal = equalColumns(comparisons, table);
  const range = comparisons.filter(({ operator }) => operator !== "=").map(({ column }) => column);
  return [...new Set([...equal, ...range.slice(0, 1)])];
}

/** The columns that must equal something, the one with the most different values first. */
function equalColumns(comparisons: readonly Comparison[], { distinctCounts }: TableFacts): readonly string[] {
  const columns = [...new Set(comparisons.filter(({ operator }) => operator === "=").map(({ column }) => column))];
  const distinct = (column: string) => distinctCounts[column] ?? distinctCountMin;
  const telling = columns.filter((column) => distinct(column) >= distinctCountMin);
  return (telling.length > 0 ? telling : columns).toSorted((a, b) => distinct(b) - distinct(a));
}

function comparisonsOn(scan: PlanNode, table: TableFacts): readonly Comparison[] {
  return comparisonsIn(scan.Filter).filter((comparison) => isOn(comparison, scan, table));
}

function isOn({ alias, column, isCastToText }: Comparison, scan: PlanNode, table: TableFacts): boolean {
  return isAlias(alias, scan) && (!isCastToText || table.varcharColumns.includes(column));
}

function isAlias(alias: string, { Alias: plain }: PlanNode): boolean {
  return alias === plain || alias === `"${plain?.replaceAll('"', '""')}"`;
}

function leads(table: TableFacts, column: string): boolean {
  return table.indexes.some(([first]) => first === column);
}

function isLarge({ rowCount }: TableFacts): boolean {
  return rowCount >= rowCountMin;
}

/** A column of an index without its direction. */
function columnOf(ordered: string): string {
  return ordered.replace(/(?: DESC)?(?: NULLS (?:FIRST|LAST))?$/, "");
}

function names(columns: readonly string[]): string {
  return columns.join(", ");
}

function count(rows: number): string {
  return Math.round(rows).toLocaleString("en-US");
}

function mebibytes(bytes: number): string {
  return `${Math.ceil(bytes / 1024 ** 2)} MB`;
}
