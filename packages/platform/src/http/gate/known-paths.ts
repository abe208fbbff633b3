/** Finds the methods of a path, for the answers to OPTIONS and to unknown methods (405). */

export interface KnownPaths {
  add(method: string | readonly string[], template: string): void;
  /** Empty for an unknown path. */
  methodsOf(path: string): readonly string[];
  /** Whether a route has exactly this path, even if a template with a parameter also matches it. */
  isFixed(path: string): boolean;
}

export function createKnownPaths(): KnownPaths {
  const known = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  const fixed = new Set<string>();
  const plain = (path: string) => (path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path);
  return {
    add(method, template) {
      if (template.includes("*")) return;
      if (!template.includes("/:")) fixed.add(plain(template));
      const parts = template.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : part.replaceAll(/[.\\]/g, "\\$&")));
      const entry = known.get(template) ?? { pattern: new RegExp(`^${parts.join("/")}/?$`), methods: new Set<string>() };
      known.set(template, entry);
      for (const one of typeof method === "string" ? [method] : method) entry.methods.add(one);
    },
    isFixed: (path) => fixed.has(plain(path)),
    methodsOf(path) {
      const own = known.get(plain(path));
      if (own !== undefined) return [...own.methods].sort();
      const methods = new Set<string>();
      for (const entry of known.values()) if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
      return [...methods].sort();
    },
  };
}
