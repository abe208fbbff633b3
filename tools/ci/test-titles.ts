/** The tests of a file, from its syntax tree: each title, and the source of the test. */

import { parseSync } from "vite";

export interface TestSource {
  /** The title, without the placeholders of a template. */
  readonly title: string;
  /** The source of the call, and of the module's constants that it names, such as the table of `it.each`. */
  readonly source: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

/** Calls of `it` and `test`, with `each`, `skipIf` and the like; groups are no tests. @throws when the file does not parse. */
export function testsIn(fileName: string, text: string): TestSource[] {
  const { program, errors } = parseSync(fileName, text);
  if (errors.length > 0) throw new Error(`${fileName} does not parse: ${errors[0].message}`);
  const root = program as unknown as Node;
  const constants = constantsOf(root);
  const tests: TestSource[] = [];
  for (const node of nodesUnder(root)) {
    const title = node.type === "CallExpression" && isTest(node["callee"] as Node) ? titleOf(node) : undefined;
    if (title === undefined) continue;
    const names = nodesUnder(node).flatMap((one) => (one.type === "Identifier" ? [String(one["name"])] : []));
    const parts = [node, ...[...new Set(names)].flatMap((name) => constants.get(name) ?? [])];
    tests.push({ title, source: parts.map(({ start, end }) => text.slice(start, end)).join("\n") });
  }
  return tests;
}

/** The declarations at the top of the module. */
function constantsOf(root: Node): Map<string, Node> {
  const statements = root["body"] as readonly Node[];
  const declarations = statements.flatMap((one) => (one.type === "VariableDeclaration" ? (one["declarations"] as Node[]) : []));
  return new Map(declarations.map((one) => [String((one["id"] as Node)["name"]), one]));
}

/** `it`, `test.each(table)`, `it.skipIf(x)`: the name that the chain starts with. */
function isTest(callee: Node): boolean {
  let node = callee;
  while (node.type !== "Identifier") {
    if (node.type === "CallExpression") node = node["callee"] as Node;
    else if (node.type === "MemberExpression") node = node["object"] as Node;
    else if (node.type === "TaggedTemplateExpression") node = node["tag"] as Node;
    else return false;
  }
  return node["name"] === "it" || node["name"] === "test";
}

function titleOf(call: Node): string | undefined {
  const [first] = call["arguments"] as readonly Node[];
  if (first?.type === "Literal" && typeof first["value"] === "string") return first["value"];
  if (first?.type !== "TemplateLiteral") return undefined;
  return (first["quasis"] as readonly Node[]).map(({ value }) => (value as { cooked: string }).cooked).join("");
}

/** All nodes below the root, and the root. Walks with a list, not by recursion, since a file may be nested to any depth. */
function nodesUnder(root: Node): Node[] {
  const found: Node[] = [];
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    found.push(node);
    for (const value of Object.values(node)) {
      for (const child of Array.isArray(value) ? (value as unknown[]) : [value]) {
        if (child !== null && typeof child === "object" && typeof (child as Node).type === "string") pending.push(child as Node);
      }
    }
  }
  return found;
}
