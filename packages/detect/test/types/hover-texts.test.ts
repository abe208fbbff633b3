import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { loadTypescript, root } from "../../test-support/compilers.ts";

const ts = loadTypescript();
type Symbol = import("../../../../tools/compilers/5.9/node_modules/typescript/lib/typescript.js").Symbol;

/** The declaration files of the package's entries, those with a star once for each detector. */
function entryFiles(): string[] {
  const folder = join(root, "packages/detect");
  const { exports } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
    exports: Readonly<Record<string, { readonly types: string }>>;
  };
  const ids = readdirSync(join(folder, "src/detectors"));
  const files = Object.values(exports).flatMap(({ types }) =>
    types.includes("*") ? ids.map((id) => types.replace("*", id)) : [types],
  );
  return files.map((file) => join(folder, file));
}

/** Names that the files export, and members of exported interfaces and classes, that have no text for editors to show. */
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
      const members = (symbol.declarations ?? []).flatMap((declaration) =>
        ts.isInterfaceDeclaration(declaration) || ts.isClassDeclaration(declaration) ? [...declaration.members] : [],
      );
      for (const { name } of members) {
        const member = name === undefined || ts.isPrivateIdentifier(name) ? undefined : checker.getSymbolAtLocation(name);
        if (member !== undefined) read(member, `${symbol.name}.${member.name}`);
      }
    }
  }
  return { names, readCount: seen.size };
}

describe("the text that editors show", () => {
  it("is there for every public name of the library and every member of public interfaces", () => {
    const { names, readCount } = undocumented(entryFiles());
    expect(names).toEqual([]);
    expect(readCount).toBeGreaterThan(300);
  });
});
