/** Rules for single files. Each returns one line for each fault. */

import { scanSource } from "./source-scan.ts";

export const fileLineCountMax = 400;
/** Line limit for kernels, whose loops are written out on purpose. */
export const kernelLineCountMax = 600;
export const functionLineCountMax = 70;

/** Words that say nothing about a thing; see STYLE.md. */
const emptyWords = ["Manager", "Helper", "Helpers", "Util", "Utils", "Common", "Impl"];
/** Names that are refused when they are the whole name. */
const emptyNames = ["data", "info", "process", "handle", "clf", "helper", "util", "utils", "common", "tmp", "temp"];
const fileName = /^[a-z0-9]+(-[a-z0-9]+)*(\.(long\.)?test|\.d|\.config)?\.tsx?$/;
/** Each word has a letter in brackets, so that this file passes its own rule. */
const openNote = /\b(T[O]DO|F[I]XME|X[X]X|H[A]CK)\b(?!\(#\d+\))/;
const machinePath = /(^|[\s"'`(=])\/(work|home|Users|root)\/[a-z]/;

export function checkSource(path: string, text: string): string[] {
  return [...checkText(path, text), ...checkFileName(path), ...checkLength(path, text), ...checkSyntax(path, text)];
}

/** Checks every kind of text, documents too. */
export function checkText(path: string, text: string): string[] {
  const problems: string[] = [];
  text.split("\n").forEach((content, index) => {
    if (openNote.test(content)) problems.push(`${path}:${index + 1}: an open note without the number of its issue in brackets`);
    if (machinePath.test(content)) problems.push(`${path}:${index + 1}: names a path of one machine`);
  });
  return problems;
}

function checkFileName(path: string): string[] {
  const name = path.split("/").at(-1) ?? "";
  if (!fileName.test(name)) return [`${path}: file names are kebab-case`];
  const words = name.split(/[-.]/);
  const empty = words.find((word) => emptyWords.some((candidate) => candidate.toLowerCase() === word));
  return empty === undefined ? [] : [`${path}: "${empty}" says nothing about the file`];
}

function checkLength(path: string, text: string): string[] {
  const lineCount = text.split("\n").length - (text.endsWith("\n") ? 1 : 0);
  const limit = path.includes("/kernels/") ? kernelLineCountMax : fileLineCountMax;
  return lineCount > limit ? [`${path}: ${lineCount} lines, the limit is ${limit}`] : [];
}

function checkSyntax(path: string, text: string): string[] {
  // AssemblyScript has syntax that TypeScript has not (operators on i32, decorators on functions).
  if (path.includes("/assembly/")) return [];
  const { functions, declarations } = scanSource(path, text);
  const problems: string[] = [];
  for (const { name, line, lineCount } of path.endsWith(".test.ts") ? [] : functions) {
    if (lineCount > functionLineCountMax) {
      problems.push(`${path}:${line}: function ${name} has ${lineCount} lines, the limit is ${functionLineCountMax}`);
    }
  }
  for (const { name, line } of declarations) {
    const words = name.split(/(?=[A-Z])/);
    const empty = emptyNames.includes(name) || words.some((word, index) => index > 0 && emptyWords.includes(word));
    if (empty) problems.push(`${path}:${line}: the name "${name}" says nothing about the thing`);
  }
  return problems;
}

/** A link of a document: where it stands, and the path and heading it leads to. */
export interface Link {
  readonly line: number;
  /** The path; empty for a heading of the same document. */
  readonly target: string;
  readonly heading: string;
}

/** The relative links of a markdown document, without those into the web. */
export function linksOf(text: string): Link[] {
  const links: Link[] = [];
  let fenced = false;
  text.split("\n").forEach((content, index) => {
    if (content.startsWith("```")) fenced = !fenced;
    if (fenced) return;
    for (const [, address] of content.matchAll(/\]\(([^()\s]+)\)/g)) {
      if (/^[a-z]+:/.test(address)) continue;
      const [target, heading = ""] = address.split("#");
      links.push({ line: index + 1, target, heading });
    }
  });
  return links;
}

/** `## Who may import whom?` is reached by `#who-may-import-whom`. */
export function headingsOf(text: string): Set<string> {
  const headings = [...text.matchAll(/^#{1,6} +(.+?)\s*$/gm)].map(([, title]) => title);
  return new Set(
    headings.map((title) =>
      title
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, "")
        .replace(/\s/g, "-"),
    ),
  );
}
