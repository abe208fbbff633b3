/** With these headers the page may use worker threads; without them it runs on one. */

import { defineConfig } from "vite";

const headers = { "Cross-Origin-Opener-Policy": "same-origin", "Cross-Origin-Embedder-Policy": "require-corp" };

export default defineConfig({
  base: "./",
  server: { headers },
  preview: { headers },
  worker: { format: "es" },
  build: { target: "es2022" },
});
