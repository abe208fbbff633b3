/** Small faults as a programmer might make them: each changes one place of a source, found in its syntax tree. */

import { parseSync } from "vite";

export interface Mutant {
  /** Path relative to the root. */
  readonly file: string;
  readonly line: number;
  readonly start: number;
  readonly end: number;
  /** The text that replaces it. */
  readonly text: string;
  /** `a < b` becomes `a <= b`. */
  readonly what: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const swaps: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "&&": "||",
  "||": "&&",
  "+": "-",
  "-": "+",
};
const shownCharsMax = 60;

/** The faults of a source, in its order. Leaves types, imports and messages for people alone. */
export function mutantsOf(file: string, source: string): Mutant[] {
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${file} does not parse: ${errors[0].message}`);
  const found: Mutant[] = [];
  const pending: Node[] = [program as unknown as Node];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    for (const { start, end, text } of changesOf(node, source)) {
      const line = source.slice(0, start).split("\n").length;
      found.push({ file, line, start, end, text, what: `${shown(source.slice(start, end))} becomes ${shown(text)}` });
    }
    for (const child of childrenOf(node)) if (!isSpeech(child)) pending.push(child);
  }
  return found.toSorted((a, b) => a.start - b.start || a.end - b.end);
}

interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

function changesOf(node: Node, source: string): Change[] {
  const textOf = ({ start, end }: Node) => source.slice(start, end);
  switch (node.type) {
    case "BinaryExpression":
    case "LogicalExpression": {
      const swapped = swaps[String(node["operator"])];
      const [left, right] = [node["left"] as Node, node["right"] as Node];
      // `+` also joins text: such a place is left alone.
      if (swapped === undefined || [left, right].some(isText)) return [];
      return [{ start: node.start, end: node.end, text: `${textOf(left)} ${swapped} ${textOf(right)}` }];
    }
    case "UnaryExpression":
      return node["operator"] === "!" ? [{ ...placeOf(node), text: textOf(node["argument"] as Node) }] : [];
    case "Literal": {
      const value = node["value"];
      return typeof value === "number" ? [value + 1, value - 1].map((other) => ({ ...placeOf(node), text: `(${other})` })) : [];
    }
    case "ReturnStatement":
      return returnsInstead(node["argument"] as Node | null).map((value) => ({ ...placeOf(node), text: `return ${value};` }));
    case "ExpressionStatement":
      return [{ ...placeOf(node), text: ";" }];
    default:
      return [];
  }
}

function placeOf({ start, end }: Node): { readonly start: number; readonly end: number } {
  return { start, end };
}

function isText({ type, value }: Node): boolean {
  return type === "TemplateLiteral" || (type === "Literal" && typeof value === "string");
}

/** Other values to return: for a comparison true and false, for true or false the other one, else undefined. */
function returnsInstead(argument: Node | null): string[] {
  if (argument === null) return [];
  const isYesOrNo = /^(<=?|>=?|[!=]==|&&|\|\||!)$/.test(String(argument["operator"]));
  if (argument.type === "Literal" && typeof argument["value"] === "boolean") return [String(!argument["value"])];
  if (isYesOrNo) return ["true", "false"];
  return argument["name"] === "undefined" ? [] : ["undefined"];
}

function isSpeech({ type, expression }: Node): boolean {
  if (type === "ExpressionStatement" && (expression as Node).type === "Literal") return true;
  return type === "ImportDeclaration" || type === "TSTypeAnnotation" || /^TS(Interface|TypeAlias|TypeParameter)/.test(type);
}

function childrenOf(node: Node): Node[] {
  const values = Object.values(node).flatMap((value) => (Array.isArray(value) ? (value as unknown[]) : [value]));
  return values.filter(
    (value): value is Node => value !== null && typeof value === "object" && typeof (value as Node).type === "string",
  );
}

function shown(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, " ");
  if (oneLine === ";") return "nothing";
  return oneLine.length > shownCharsMax ? `\`${oneLine.slice(0, shownCharsMax)}...\`` : `\`${oneLine}\``;
}
