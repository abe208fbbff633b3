import { join } from "node:path";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  base: "/dashboard/",
  // From its sources, so that the page can be built before the package.
  resolve: {
    alias: {
      "nomaly/client": join(import.meta.dirname, "../platform/src/client/index.ts"),
      "nomaly/report": join(import.meta.dirname, "../platform/src/report/shared.ts"),
    },
    conditions: ["source", "browser", "module", "import", "default"],
  },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: {
    outDir: "dist",
    emptyOutDir: true,
    assetsDir: "",
    // Inlined files would need a weaker content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  logLevel: "warn",
});
