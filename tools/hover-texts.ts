/**
 * Writes what editors show of a detector's parameters: the declarations that the compiler makes hold the specs as types, and each parameter
 * gets its summary, range and default there as a comment.
 */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

interface Spec {
  readonly summary: string;
  readonly default: unknown;
  readonly min?: number;
}
type Specs = Readonly<Record<string, Spec>>;
/** A text that begins the part of a declaration file in which these parameters stand. */
interface Part {
  readonly start: string;
  readonly specs: Specs;
}

interface Built {
  readonly detectors: readonly { readonly id: string; readonly params: Specs }[];
  readonly thresholdMethods: Readonly<Record<string, { readonly params: Specs }>>;
  readonly describeRange: (spec: Spec) => string;
}

/** @param output the folder of built JavaScript and declarations of the library. */
export async function writeHoverTexts(output: string): Promise<void> {
  const load = async (name: string) => (await import(pathToFileURL(join(output, name)).href)) as Partial<Built>;
  const modules = await Promise.all(["registry.js", "thresholds/threshold-spec.js", "detector/params.js"].map(load));
  const { detectors, thresholdMethods, describeRange } = Object.assign({}, ...modules) as Built;
  const textOf = (spec: Spec) => hoverText(spec, describeRange(spec));
  const partOf = ({ params }: { readonly params: Specs }): Part => ({ start: "Detector<{", specs: params });
  commentFile(join(output, "registry.d.ts"), detectors.map(partOf), textOf);
  for (const detector of detectors) {
    commentFile(join(output, "detectors", detector.id, "index.d.ts"), [partOf(detector)], textOf);
  }
  const methods = Object.entries(thresholdMethods).map(([name, { params }]) => ({ start: keyOf(name), specs: params }));
  commentFile(join(output, "thresholds/threshold-spec.d.ts"), methods, textOf);
}

function hoverText({ summary, default: usual, min }: Spec, range: string): string {
  // Any number is allowed, and one must be given.
  if (min === -Number.MAX_VALUE) return summary;
  const text = `${summary} ${range[0].toUpperCase()}${range.slice(1)}; default ${JSON.stringify(usual)}.`;
  if (text.includes("*/")) throw new Error(`a comment cannot hold: ${text}`);
  return text;
}

function commentFile(file: string, parts: readonly Part[], textOf: (spec: Spec) => string): void {
  const before = readFileSync(file, "utf8");
  const after = commented(before, parts, textOf);
  if (after !== before) writeFileSync(file, after);
}

/**
 * The declarations with a comment before each parameter, instead of the one that stands there.
 * @throws Error when a part or a parameter of it is not found.
 */
export function commented(declarations: string, parts: readonly Part[], textOf: (spec: Spec) => string): string {
  const starts: number[] = [];
  for (const { start } of parts) {
    const at = declarations.indexOf(start, starts.at(-1) === undefined ? 0 : (starts.at(-1) as number) + 1);
    if (at === -1) throw new Error(`the declarations have no "${start}" after character ${starts.at(-1) ?? 0}`);
    starts.push(at);
  }
  const pieces = parts.map(({ specs }, index) => {
    let piece = declarations.slice(starts[index], starts[index + 1]);
    for (const [name, spec] of Object.entries(specs)) piece = commentedPart(piece, name, textOf(spec));
    return piece;
  });
  return declarations.slice(0, starts[0]) + pieces.join("");
}

function commentedPart(part: string, name: string, text: string): string {
  const place = new RegExp(`^(?: */\\*\\* .* \\*/\\n)?( *)${keyOf(name)}$`, "m");
  if (!place.test(part)) throw new Error(`the declarations have no parameter "${name}" where it is expected`);
  return part.replace(place, (_, indent: string) => `${indent}/** ${text} */\n${indent}${keyOf(name)}`);
}

function keyOf(name: string): string {
  return `readonly ${/^\w+$/.test(name) ? name : JSON.stringify(name)}: {`;
}
