/** Says how several files become one, where one at a time is read. */

import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { type FileFormat, formatOfName } from "./format.ts";

const entryCountMax = 10_000;
const folderCountMax = 1000;
/** Of more files than this the line has the pattern instead of all names. */
const namedFileCountMax = 6;

/**
 * @returns a command line, or undefined if the format is not known. What it writes lies elsewhere, as the pattern must not match it the next time.
 * @param pattern as a shell takes it, for files of one format. @param names takes its place where a shell reads it.
 */
function joiningLine(pattern: string, names = forShell(pattern)): string | undefined {
  const { format, gzip } = formatOfName(pattern);
  if (format === undefined) return undefined;
  const byDuckDb = (extension: string) => `duckdb -c "COPY (FROM '${pattern}') TO '/tmp/all.${extension}'"`;
  if (gzip) return byDuckDb(format === "tsv" ? "csv" : format);
  const lines: Readonly<Record<FileFormat, string>> = {
    csv: `awk 'FNR > 1 || NR == 1' ${names} > /tmp/all.csv`,
    tsv: `awk 'FNR > 1 || NR == 1' ${names} > /tmp/all.tsv`,
    ndjson: `cat ${names} > /tmp/all.ndjson`,
    json: byDuckDb("json"),
    parquet: byDuckDb("parquet"),
    arrow:
      `python -c "import glob, pandas as p; p.concat(map(p.read_feather, sorted(glob.glob('${pattern}', recursive=True))), ` +
      `ignore_index=True).to_feather('/tmp/all.feather')"`,
  };
  return lines[format];
}

/** Shells do not look into folders for `**`, unless they are told to. */
function forShell(pattern: string): string {
  const [folder, name] = pattern.split("/**/");
  return name === undefined ? pattern : `$(find ${folder} -name '${name}' | sort)`;
}

/** `; join ... first: COMMAND`, or an empty text if nothing is known about the files. @param what "them" or "its files". */
function joining(what: string, pattern: string | undefined, names?: readonly string[]): string {
  if (pattern === undefined || ![pattern, ...(names ?? [])].every((text) => /^[\w./~*?[\]{},:+-]+$/.test(text))) return "";
  const line = joiningLine(pattern, names?.join(" "));
  return line === undefined ? "" : `; if they have the same columns, join ${what} first: ${line}`;
}

/** For a name with the signs of a pattern, where there is no file of that name. */
export function patternHint(path: string): string {
  return /[*?]|\[.+\]|\{.+\}/.test(path) ? `, and one file at a time is read${joining("them", path)}` : "";
}

/** For the names that a shell has made of a pattern. @returns undefined if the names are not all those of tables. */
export function severalHint(paths: readonly string[]): string | undefined {
  if (!paths.every((path) => formatOfName(path).format !== undefined)) return undefined;
  const [folders, extensions] = [new Set(paths.map(dirname)), new Set(paths.map(extensionOf))];
  const isAlike = folders.size === 1 && extensions.size === 1;
  const pattern = isAlike ? join(dirname(paths[0]), `*${extensionOf(paths[0])}`) : undefined;
  const names = paths.length <= namedFileCountMax ? paths : undefined;
  return `takes one file at a time, not ${paths.length}${joining("them", pattern, names)}`;
}

/** For a folder, such as a partitioned data set. */
export function folderHint(path: string): string {
  const found = firstTable(path);
  if (found === undefined) return "; a file is expected";
  const pattern = join(path, found.isNested ? "**" : "", `*${extensionOf(found.name)}`);
  return `, and one file at a time is read${joining("its files", pattern)}`;
}

/** `.csv.gz` of `a.b.csv.gz`. */
function extensionOf(path: string): string {
  return /(\.[^.]+)(\.gz(ip)?)?$/i.exec(basename(path))?.[0] ?? "";
}

/** The first file with a known format in the folder, or in folders of it. */
function firstTable(path: string): { readonly name: string; readonly isNested: boolean } | undefined {
  const folders = [path];
  let entryCount = 0;
  for (let index = 0; index < Math.min(folders.length, folderCountMax); index++) {
    for (const entry of entriesOf(folders[index])) {
      if (++entryCount > entryCountMax) return undefined;
      if (entry.isDirectory()) folders.push(join(folders[index], entry.name));
      else if (formatOfName(entry.name).format !== undefined) return { name: entry.name, isNested: index > 0 };
    }
  }
  return undefined;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    // A hint is not worth an error: the message says that the path is a folder.
    return [];
  }
}
