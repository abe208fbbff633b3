import { configDefaults, defineConfig } from "vitest/config";
import LongFilesFirst from "./tools/ci/long-files-first.ts";

export default defineConfig({
  // Not "import": Node would apply it to what CommonJS packages require, and `pg` cannot extend a module.
  resolve: { conditions: ["source", "node"] },
  ssr: { resolve: { conditions: ["source", "node"] } },
  test: {
    include: ["packages/*/src/**/*.test.ts", "packages/*/test/**/*.test.ts", "tools/**/*.test.ts", "examples/**/*.test.ts", "bench/**/*.test.ts"],
    // `npm run test:long` asks for the long forms; naming one of them on the command line needs NOMALY_LONG=1 too.
    exclude: [...configDefaults.exclude, ...(process.env["NOMALY_LONG"] === undefined ? ["**/*.long.test.ts"] : [])],
    // Files share the cores: a test may take many times as long as alone.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    pool: "forks",
    sequence: { sequencer: LongFilesFirst },
  },
});
