/** Reads a TypeScript file's imports, names and functions from its syntax tree. */

import { parseSync } from "vite";

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
}

export interface FunctionSize {
  readonly name: string;
  readonly line: number;
  /** Lines of the function without those of named functions inside it, which count for themselves. */
  readonly lineCount: number;
}

export interface SourceScan {
  /** Imports that are static, dynamic, type-only or re-exports, and files named by `new URL(..., import.meta.url)`. */
  readonly imports: readonly Import[];
  /** Free-standing identifiers, not property names: `process` in `process.env`. */
  readonly identifiers: readonly { readonly name: string; readonly line: number }[];
  /** Names that the file declares: functions, variables, classes, types, parameters are left out. */
  readonly declarations: readonly { readonly name: string; readonly line: number }[];
  readonly functions: readonly FunctionSize[];
}

/** @throws when the file does not parse. */
export function scanSource(fileName: string, text: string): SourceScan {
  const { program, errors } = parseSync(fileName, text);
  if (errors.length > 0) throw new Error(`${fileName} does not parse: ${errors[0].message}`);
  const lineAt = lineFinder(text);
  const scan = {
    imports: [] as Import[],
    identifiers: [] as Named[],
    declarations: [] as Named[],
    functions: [] as FunctionSize[],
  };
  // Walks with a list, not by recursion, since a file may be nested to any depth.
  const pending: { node: Node; parent: Node | undefined; key: string }[] = [
    { node: program as unknown as Node, parent: undefined, key: "" },
  ];
  for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
    const { node, parent, key } = next;
    for (const specifier of importsOf(node)) scan.imports.push({ specifier, line: lineAt(node.start) });
    if (node.type === "Identifier" && isReference(parent, key)) {
      scan.identifiers.push({ name: node["name"] as string, line: lineAt(node.start) });
    }
    const declared = declaredName(node);
    if (declared !== undefined) scan.declarations.push({ name: declared, line: lineAt(node.start) });
    const size = functionSize(node, parent, lineAt);
    if (size !== undefined) scan.functions.push(size);
    for (const child of childrenOf(node)) pending.push({ ...child, parent: node });
  }
  return scan;
}

interface Named {
  readonly name: string;
  readonly line: number;
}

function importsOf(node: Node): string[] {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
    case "ImportExpression":
    case "TSImportType":
      return stringsIn(node["source"] ?? node["argument"]);
    case "NewExpression":
      return isUrlOfModule(node) ? stringsIn((node["arguments"] as Node[])[0]) : [];
    default:
      return [];
  }
}

/** `new URL(x, import.meta.url)`. */
function isUrlOfModule(node: Node): boolean {
  const callee = node["callee"] as Node;
  const second = (node["arguments"] as Node[])[1];
  return callee["name"] === "URL" && second?.type === "MemberExpression" && (second["object"] as Node).type === "MetaProperty";
}

/** A literal, or both arms of a choice between literals. */
function stringsIn(value: unknown): string[] {
  const node = value as Node | null | undefined;
  if (node?.type === "Literal" && typeof node["value"] === "string") return [node["value"]];
  if (node?.type === "ConditionalExpression") return [...stringsIn(node["consequent"]), ...stringsIn(node["alternate"])];
  if (node?.type === "TSLiteralType") return stringsIn(node["literal"]);
  return [];
}

function isReference(parent: Node | undefined, key: string): boolean {
  if (parent === undefined) return false;
  if (parent.type === "MemberExpression" && key === "property") return parent["computed"] === true;
  if (
    /^(Property|PropertyDefinition|MethodDefinition|TSPropertySignature|TSMethodSignature)$/.test(parent.type) &&
    key === "key"
  ) {
    return parent["computed"] === true;
  }
  return !/^(ImportSpecifier|ExportSpecifier|TSTypeReference|TSQualifiedName)$/.test(parent.type);
}

function declaredName(node: Node): string | undefined {
  const named = /^(FunctionDeclaration|ClassDeclaration|TSInterfaceDeclaration|TSTypeAliasDeclaration|VariableDeclarator)$/;
  if (!named.test(node.type)) return undefined;
  const id = node["id"] as Node | null;
  return id?.type === "Identifier" ? (id["name"] as string) : undefined;
}

function functionSize(node: Node, parent: Node | undefined, lineAt: (at: number) => number): FunctionSize | undefined {
  if (!/^(FunctionDeclaration|FunctionExpression|ArrowFunctionExpression)$/.test(node.type)) return undefined;
  const line = lineAt(node.start);
  const named = (node["id"] ?? parent?.["id"] ?? parent?.["key"]) as Node | null | undefined;
  const name = typeof named?.["name"] === "string" ? named["name"] : "(unnamed)";
  const body = node["body"] as Node;
  const statements = body.type === "BlockStatement" ? (body["body"] as Node[]) : [];
  const inner = statements.filter(({ type }) => type === "FunctionDeclaration");
  const innerLineCount = inner.reduce((sum, { start, end }) => sum + lineAt(end) - lineAt(start) + 1, 0);
  return { name, line, lineCount: lineAt(node.end) - line + 1 - innerLineCount };
}

function childrenOf(node: Node): { node: Node; key: string }[] {
  const children: { node: Node; key: string }[] = [];
  for (const [key, value] of Object.entries(node)) {
    for (const entry of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (entry !== null && typeof entry === "object" && typeof (entry as Node).type === "string") {
        children.push({ node: entry as Node, key });
      }
    }
  }
  return children;
}

function lineFinder(text: string): (at: number) => number {
  const starts = [0];
  for (let at = text.indexOf("\n"); at !== -1; at = text.indexOf("\n", at + 1)) starts.push(at + 1);
  return (at) => {
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (starts[middle] <= at) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}
