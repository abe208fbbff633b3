/** The layers of the dashboard. */

import type { Layer } from "./layer-rules.ts";

/** What a page may know: the client of the service, the words and charts of the report, and nothing of Node. */
export const dashboardLayers: readonly Layer[] = [
  { name: "words", files: /^format\.ts$/, may: [], packages: [], summary: "how numbers are written" },
  {
    name: "charts",
    files: /^charts\//,
    may: [],
    packages: [],
    summary: "lines over time, drawn as SVG, with their content in words",
  },
  {
    name: "live",
    files: /^live\//,
    may: [],
    packages: ["nomaly/client", "preact"],
    summary: "what is asked of the service: numbers as they come, and how fresh they are",
  },
  {
    name: "frame",
    files: /^frame\//,
    may: ["words", "live"],
    packages: ["nomaly/client", "preact"],
    summary: "what stands around every view: the address, sign in, connection, problems",
  },
  {
    name: "operate",
    files: /^operate\//,
    may: ["words", "charts", "live", "frame"],
    packages: ["nomaly/client", "preact"],
    summary: "the view of the operator",
  },
  {
    name: "detect",
    files: /^detect\//,
    may: ["words", "live", "frame"],
    packages: ["nomaly/client", "nomaly/report", "preact"],
    summary: "the view of who has a file: its columns, a detector, the anomalies",
  },
  {
    name: "page",
    files: /^(main|app)\.tsx$/,
    may: ["*"],
    packages: ["nomaly/report", "preact"],
    summary: "the page, and what starts it",
  },
];
