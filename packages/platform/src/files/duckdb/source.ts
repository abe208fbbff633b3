/** Opens a file or standard input with DuckDB, as a stream of rows that can be written again with scores. */

import { accessSync, constants, type Stats, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { Readable } from "node:stream";
import { NomalyError } from "@nomaly/detect";
import { readBatches } from "./batches.ts";
import { type ContentLimits, ownFileLimits } from "../read/content-limits.ts";
import { commentFilter } from "../read/csv/csv-comments.ts";
import type { CsvOptions } from "../read/csv/csv-dialect.ts";
import { csvRelation } from "./csv-relation.ts";
import { type Database, openDuckDb } from "./database.ts";
import { type InfiniteAsMissing, infiniteAsMissing } from "./infinite-values.ts";
import { findFile } from "../local/file-fault.ts";
import { encodingOf } from "../read/csv/encoding.ts";
import { refuseSpreadsheet } from "../read/spreadsheets.ts";
import type { FileFormat } from "../read/format.ts";
import { compressedTwice, formatOfHead, formatOfName, hasByteOrderMark, isGzip, readHead } from "../read/format.ts";
import { type Batch, type RowStream, shownTextLengthMax } from "../read/row-stream.ts";
import { refuseForeign } from "../read/archives.ts";
import { folderHint, patternHint } from "../read/one-file.ts";
import { requireParquetEnds } from "../read/parquet-check.ts";
import { jsonRelation, parquetRelation } from "./plain-relations.ts";
import { readError } from "./read-error.ts";
import { columnExpression, kindOfType, mayExceedFloat64, type Relation, type RelationColumn } from "./relation.ts";
import { spoolDevice, spoolGunzipped, spoolStream, spoolText, spoolUnmarked } from "../local/spool.ts";
import type { TemporaryFiles } from "../local/temporary.ts";
import { wholeNumbers } from "./whole-numbers.ts";
import { withWrittenTexts } from "./written-texts.ts";

export interface SourceOptions extends CsvOptions {
  /** Undefined: inferred from the extension or the first bytes. */
  readonly format?: FileFormat;
  /** Name in error messages; default: the path. */
  readonly name?: string;
  /** Number of rows, if known before reading. */
  readonly rowCount?: number;
  /** Infinite numbers are read as missing values; by default they are kept, and refused where they reach a detector. */
  readonly infiniteAsMissing?: boolean;
  readonly threadCount: number;
  /** DuckDB's memory limit, MiB. */
  readonly memoryMib?: number;
  readonly temporary: TemporaryFiles;
  readonly stdin: Readable;
  readonly signal: AbortSignal;
  /** Limits that replace those of {@link ownFileLimits}. */
  readonly limits?: Partial<ContentLimits>;
  /** Most bytes that a compressed file may unpack to. */
  readonly unpackedBytesMax?: number;
}

/** A file opened with DuckDB; only this folder sees DuckDB. */
export interface Source extends RowStream {
  /** Columns of text formats in which every value is a whole number. */
  wholeColumns(): Promise<ReadonlySet<string>>;
  readonly database: Database;
  readonly relation: Relation;
  /** @throws NomalyError FILE_READ if the file has changed since it was opened, so that a second pass would read other rows. */
  requireUnchanged(): void;
  close(): void;
}

/** The texts of a smaller file fit memory, however long they are. */
const smallFileSizeBytes = 32 * 1024 ** 2;

/**
 * @param path `-` is standard input.
 * @throws NomalyError FILE_NOT_FOUND, FILE_READ, FILE_FORMAT naming the file, and the line or column where there is one.
 */
export async function openSource(path: string, options: SourceOptions): Promise<Source> {
  const { signal, temporary } = options;
  const name = options.name ?? (path === "-" ? "standard input" : path);
  const local = await localCopy(path, name, options);
  const { threadCount, memoryMib } = options;
  const database = await openDuckDb({ threadCount, memoryMib, temporaryFolder: temporary.folder(), signal });
  try {
    const relation = await openRelation(database, local, name, options);
    const rowCount = options.rowCount ?? relation.rowCount;
    const infinite = options.infiniteAsMissing === true ? infiniteAsMissing() : undefined;
    return createSource({ database, relation, rowCount, name, file: local, openedAs: stampOf(local.path), infinite }, signal);
  } catch (error) {
    database.close();
    throw readError(error, name, signal, memoryMib);
  }
}

interface LocalFile {
  readonly path: string;
  readonly format: FileFormat;
  /** How its text was read, in sentences for its user. */
  readonly notes?: readonly string[];
}

/** A plain file on disk: the input itself, or a copy of a pipe or of unpacked gzip data. */
async function localCopy(path: string, name: string, options: SourceOptions): Promise<LocalFile> {
  const { temporary, signal, stdin } = options;
  let local = path;
  if (path === "-") {
    local = temporary.path("stdin");
    await spoolStream(stdin, name, local, signal);
  } else if (requireReadable(path).isFile()) {
    local = resolve(path);
  } else {
    // A pipe can be read only once, and not from any position.
    local = temporary.path("pipe");
    await spoolDevice(path, local, signal);
  }
  let head = readHead(local);
  if (isGzip(head)) {
    // Without the extension .gz, from which DuckDB would infer that the copy is compressed.
    const unpacked = temporary.path(basename(local).replace(/\.gz(ip)?$/i, ""));
    await spoolGunzipped(local, { name, path: unpacked, sizeBytesMax: options.unpackedBytesMax }, signal);
    local = unpacked;
    head = readHead(local);
    if (isGzip(head)) throw compressedTwice(name);
  } else if (formatOfName(path).gzip && head.length > 0) {
    throw new NomalyError("FILE_FORMAT", `${name} is named as gzip, but is not compressed`, { field: name });
  }
  refuseSpreadsheet(head, name);
  refuseForeign(head, name);
  const format = options.format ?? formatOfName(path).format ?? formatOfHead(head);
  if (format === "csv" || format === "tsv") return readableText({ path: local, name, head, format }, options);
  if (hasByteOrderMark(head) && format !== "parquet" && format !== "arrow") {
    // After a byte order mark DuckDB reads no JSON, and misreads a quoted first CSV name that contains the delimiter.
    const unmarked = temporary.path("unmarked");
    await spoolUnmarked(local, name, unmarked, signal);
    local = unmarked;
    head = readHead(local);
  }
  if (head.length === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  return { path: local, format };
}

interface TextFile {
  readonly path: string;
  readonly name: string;
  readonly head: Buffer;
  readonly format: "csv" | "tsv";
}

/** The file, or a copy in UTF-8 without comments. */
async function readableText({ path, name, head, format }: TextFile, options: SourceOptions): Promise<LocalFile> {
  const { temporary, signal, comment, skipRows = 0 } = options;
  if (head.length === 0) throw new NomalyError("FILE_FORMAT", `${name} is empty`, { field: name });
  const found = options.encoding === undefined ? await encodingOf(path, head, signal) : undefined;
  const encoding = options.encoding ?? found ?? "utf-8";
  if (encoding === "utf-8" && comment === undefined && !hasByteOrderMark(head)) return { path, format };
  const copy = temporary.path("text");
  const dropsLines = !/[,;\t|]/.test(head.toString("latin1")) && options.delimiter === undefined;
  const lines = comment === undefined ? undefined : commentFilter({ comment, keptLineCount: skipRows, dropsLines });
  if (encoding === "utf-8" && lines === undefined) await spoolUnmarked(path, name, copy, signal);
  else await spoolText(path, name, { path: copy, encoding, lines }, signal);
  const isTold = found === "windows-1252";
  const notes = isTold ? ["the bytes are not UTF-8 and were read as windows-1252, as no encoding is named"] : [];
  return { path: copy, format, notes };
}

function requireReadable(path: string): Stats {
  const found = findFile(path);
  if (found === undefined)
    throw new NomalyError("FILE_NOT_FOUND", `there is no file ${path}${patternHint(path)}`, { field: path });
  if (found.isDirectory()) throw new NomalyError("FILE_READ", `${path} is a folder${folderHint(path)}`, { field: path });
  try {
    accessSync(path, constants.R_OK);
  } catch (error) {
    throw new NomalyError("FILE_READ", `${path} may not be read by this user`, { field: path, cause: error });
  }
  return found;
}

async function openRelation(database: Database, file: LocalFile, name: string, options: SourceOptions): Promise<Relation> {
  const { signal, temporary, memoryMib } = options;
  const limits = { ...ownFileLimits, ...options.limits };
  const { path } = file;
  const csv = { path, name, memoryMib, ...limits };
  switch (file.format) {
    case "csv":
      return csvRelation(database, { ...csv, options }, signal);
    case "tsv":
      return csvRelation(database, { ...csv, options: { delimiter: "\t", ...options } }, signal);
    case "json":
    case "ndjson": {
      const relation = await jsonRelation(database, { path, name, format: file.format, memoryMib }, limits, signal);
      return withWrittenTexts(database, relation, { name, options });
    }
    case "parquet":
      requireParquetEnds(path, name);
      return withWrittenTexts(database, await parquetRelation(database, path), { name, options });
    case "arrow": {
      // Imported here because the Arrow library takes long to load.
      const { arrowRelation } = await import("./arrow/arrow-relation.ts");
      const { unpackedBytesMax } = options;
      const unpackedPath = temporary.path("unpacked.arrow");
      const databasePath = temporary.path("arrow.db");
      const source = { path, name, unpackedBytesMax, unpackedPath, databasePath, limits };
      return withWrittenTexts(database, await arrowRelation(database, source, signal), { name, options });
    }
  }
}

interface Opened {
  readonly database: Database;
  readonly relation: Relation;
  readonly rowCount: number | undefined;
  readonly name: string;
  readonly file: LocalFile;
  readonly openedAs: string;
  /** Undefined: infinite numbers are kept. */
  readonly infinite: InfiniteAsMissing | undefined;
}

/** A text that changes when the file changes. */
function stampOf(path: string): string {
  const { size, mtimeMs, ino } = statSync(path, { throwIfNoEntry: false }) ?? { size: -1, mtimeMs: 0, ino: 0 };
  return `${size} ${mtimeMs} ${ino}`;
}

function createSource(opened: Opened, signal: AbortSignal): Source {
  const { database, relation, name, file, infinite } = opened;
  const roundedColumns = new Set<string>();
  const whole = wholeNumbers(database, relation);

  function usable(names: readonly string[] | undefined): RelationColumn[] {
    const columns = relation.columns.filter((column) => kindOfType(column.type) !== undefined);
    return names === undefined ? columns : columns.filter((column) => names.includes(column.name));
  }

  async function* batches(names?: readonly string[], cut: readonly string[] = []): AsyncGenerator<Batch> {
    const wanted = usable(names).map((column) =>
      cut.includes(column.name) ? { ...column, textLengthMax: shownTextLengthMax } : column,
    );
    if (wanted.length === 0) throw new NomalyError("COLUMN", `${name} has no column that can be used`, { field: name });
    for (const { name: column } of wanted) {
      const doubt = relation.doubts?.get(column);
      if (doubt !== undefined) throw doubt;
    }
    whole.begin(wanted);
    infinite?.begin(wanted.map((column) => column.name));
    const large = wanted.flatMap((column, index) => (mayExceedFloat64(column.type) ? [index] : []));
    try {
      for await (const batch of readBatches(database, relation, wanted, signal)) {
        for (const index of large) noteRounded(batch, index, roundedColumns);
        whole.note(batch);
        infinite?.take(batch);
        yield batch;
      }
      whole.end(wanted);
    } catch (error) {
      throw readError(error, name, signal);
    }
  }

  return {
    name,
    format: file.format,
    columns: relation.columns.map((column) => ({ name: column.name, type: column.type, kind: kindOfType(column.type) })),
    rowCount: opened.rowCount,
    batches,
    async textSizeBytes(names) {
      const texts = usable(names).filter((column) => kindOfType(column.type) === "text");
      const isPlain = file.format !== "parquet" && file.format !== "arrow";
      if (texts.length === 0 || (isPlain && statSync(file.path).size <= smallFileSizeBytes)) return 0;
      const lengths = texts.map((column) => `coalesce(strlen(${columnExpression(column)}), 0)`);
      try {
        const [row] = await database.rows(`SELECT avg(${lengths.join(" + ")}) AS size FROM ${relation.sql}`);
        return Number(row["size"] ?? 0);
      } catch (error) {
        throw readError(error, name, signal);
      }
    },
    notes: [...(file.notes ?? []), ...(relation.notes ?? [])],
    roundedColumns,
    infiniteValues: infinite?.found ?? new Map(),
    wholeColumns: () => whole.all(),
    database,
    relation,
    requireUnchanged() {
      if (stampOf(file.path) === opened.openedAs) return;
      throw new NomalyError("FILE_READ", `${name} has changed while it was read; nothing was written`, { field: name });
    },
    close: () => database.close(),
  };
}

function noteRounded(batch: Batch, index: number, rounded: Set<string>): void {
  const column = batch.columns[index];
  if (column.kind === "text" || rounded.has(column.name)) return;
  if (column.values.some((value) => Math.abs(value) > Number.MAX_SAFE_INTEGER)) rounded.add(column.name);
}
