import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadTypescript, root } from "../../test-support/compilers.ts";

const ts = loadTypescript();
type Compiler = typeof import("../../../../tools/compilers/5.9/node_modules/typescript/lib/typescript.js");
type Symbol = import("../../../../tools/compilers/5.9/node_modules/typescript/lib/typescript.js").Symbol;
type Node = Parameters<Compiler["isInterfaceDeclaration"]>[0];

/** The declaration files of a package's entries, those with a star once for each detector. */
function entryFiles(name: "detect" | "platform"): string[] {
  const folder = join(root, "packages", name);
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports: Readonly<Record<string, string | { readonly types?: string }>>;
  };
  const ids = readdirSync(join(root, "packages/detect/src/detectors"));
  const files = Object.values(exports).flatMap((entry) => {
    // Without types it is for the workspace alone: no published package has what it names.
    if (typeof entry === "string" || entry.types === undefined) return [];
    const { types } = entry;
    return types.includes("*") ? ids.map((id) => types.replace("*", id)) : [types];
  });
  return files.map((file) => join(folder, file));
}

/** Names of members of an interface, a class or a type, also of the objects within; not those that a type only computes with. */
function memberNames(declaration: Node): Node[] {
  if (![ts.isInterfaceDeclaration, ts.isClassDeclaration, ts.isTypeAliasDeclaration].some((is) => is(declaration))) return [];
  const names: Node[] = [];
  const visit = (node: Node) => {
    if ([ts.isConditionalTypeNode, ts.isMappedTypeNode, ts.isTypeParameterDeclaration].some((is) => is(node))) return;
    const isMember = ts.isTypeElement(node) || ts.isClassElement(node);
    if (isMember && node.name !== undefined && !ts.isPrivateIdentifier(node.name)) names.push(node.name);
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return names;
}

/** Names that the files export, and members of exported interfaces, classes and types, that have no text for editors to show. */
function undocumented(files: readonly string[]): { readonly names: readonly string[]; readonly readCount: number } {
  const options = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] };
  const program = ts.createProgram(files, options);
  const checker = program.getTypeChecker();
  const names: string[] = [];
  const seen = new Set<Symbol>();
  const read = (symbol: Symbol, name: string) => {
    seen.add(symbol);
    if (symbol.getDocumentationComment(checker).length + symbol.getJsDocTags(checker).length === 0) names.push(name);
  };
  for (const file of files) {
    const source = program.getSourceFile(file);
    const exporting = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    for (const exported of exporting === undefined ? [] : checker.getExportsOfModule(exporting)) {
      const symbol = exported.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(exported) : exported;
      if (seen.has(symbol)) continue;
      read(symbol, symbol.name);
      for (const name of (symbol.declarations ?? []).flatMap(memberNames)) {
        const member = checker.getSymbolAtLocation(name);
        if (member !== undefined) read(member, `${symbol.name}.${member.name}`);
      }
    }
  }
  return { names, readCount: seen.size };
}

describe("the text that editors show", () => {
  it.each([
    { entries: "the library", name: "detect", leastCount: 300 },
    { entries: "the client of the service", name: "platform", leastCount: 400 },
  ] as const)("is there for every public name of $entries and every member of its public types", ({ name, leastCount }) => {
    const { names, readCount } = undocumented(entryFiles(name));
    expect(names).toEqual([]);
    expect(readCount).toBeGreaterThan(leastCount);
  });
});
