/** Which methods a path has: for 405 and OPTIONS, which say more than that there is nothing. */

export interface KnownPaths {
  add(method: string | readonly string[], template: string): void;
  /** Empty for a path that nobody serves. */
  methodsOf(path: string): readonly string[];
}

export function createKnownPaths(): KnownPaths {
  const known = new Map<string, { readonly pattern: RegExp; readonly methods: Set<string> }>();
  return {
    add(method, template) {
      if (template.includes("*")) return;
      const parts = template.split("/").map((part) => (part.startsWith(":") ? "[^/]+" : part.replaceAll(/[.\\]/g, "\\$&")));
      const entry = known.get(template) ?? { pattern: new RegExp(`^${parts.join("/")}/?$`), methods: new Set<string>() };
      known.set(template, entry);
      for (const one of typeof method === "string" ? [method] : method) entry.methods.add(one);
    },
    methodsOf(path) {
      const methods = new Set<string>();
      for (const entry of known.values()) if (entry.pattern.test(path)) for (const method of entry.methods) methods.add(method);
      return [...methods].sort();
    },
  };
}
