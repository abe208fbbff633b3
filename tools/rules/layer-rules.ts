/** Who may import whom: the one place of these rules. tools/layers.ts enforces them, ARCHITECTURE.md shows them. */

import { dashboardLayers } from "./dashboard-layers.ts";

export interface Layer {
  readonly name: string;
  /** Files of the layer, relative to packages/<package>/src; the first layer that fits takes a file. */
  readonly files: RegExp;
  /** Layers whose files it may import, besides its own; "*" is every layer of the package. */
  readonly may: readonly string[];
  /** A layer of folders that do not know each other: a file may import only its own folder of the layer. */
  readonly separate?: boolean;
  /** Packages it may import; none by default. `node:` stands for all of Node. */
  readonly packages?: readonly string[];
  /** One line for the table. */
  readonly summary: string;
}

export interface PackageRules {
  readonly folder: string;
  readonly layers: readonly Layer[];
  /** Globals that no file may name. */
  readonly bannedGlobals: readonly string[];
  /** The files that may know the host all the same: its globals and its packages. */
  readonly hostFiles: readonly string[];
}

const base = "base";
const contract = [base, "detector", "kernels (interface)", "threads (interface)"];

const detectLayers: readonly Layer[] = [
  {
    name: base,
    files: /^(matrix|random|errors|travelling-error|shared-memory|sorted-counts|version)\.ts$/,
    may: [],
    summary: "table of numbers, seeded generator, coded errors, shared arrays, counts within sorted numbers",
  },
  {
    name: "kernels (interface)",
    files: /^kernels\/(kernel-set|[a-z]+-kernels)\.ts$/,
    may: [base],
    summary: "the interface of kernels: what they compute, not how",
  },
  {
    name: "kernels/reference",
    files: /^kernels\/reference\//,
    may: [base, "kernels (interface)"],
    summary: "plain float64; defines the right results",
  },
  {
    name: "kernels/wasm",
    files: /^kernels\/wasm\//,
    may: [base, "kernels (interface)", "kernels/reference"],
    summary: "returns the same bits as the reference, faster; calls the reference where copying would cost more than computing",
  },
  {
    name: "kernels/choose",
    files: /^kernels\/(choose|self-test|every-family)\.ts$/,
    may: [base, "kernels (interface)", "kernels/reference", "kernels/wasm"],
    summary: "the only place that knows every kernel set",
  },
  {
    name: "detector",
    files: /^detector\//,
    may: [base, "kernels (interface)", "threads (interface)"],
    summary: "the contract: detector, model, traits, parameter specs",
  },
  {
    name: "threads (interface)",
    files: /^threads\/(threads|score-rows|pieces|picked-rows|timed-blocks|yield-when-due)\.ts$/,
    may: [base, "kernels (interface)", "detector"],
    summary: "the interface that runs named pure tasks over ranges",
  },
  {
    name: "structures",
    files: /^structures\//,
    may: contract,
    summary: "structures that several detectors share: trees, neighbour indexes, decompositions",
  },
  {
    name: "composed detectors",
    files: /^detectors\/auto\//,
    may: [...contract, "structures", "detectors"],
    summary: "auto, which is made of other detectors",
  },
  {
    name: "detectors",
    files: /^detectors\/[^/]+\//,
    may: [...contract, "structures"],
    separate: true,
    summary: "one folder each; imports no other detector and no kernel backend",
  },
  {
    name: "threads",
    files: /^threads\//,
    may: [...contract, "kernels/choose", "worker"],
    summary: "the pool, its workers, Node and browser hosts",
  },
  {
    name: "worker",
    files: /^worker(-bundle)?\.ts$/,
    may: ["kernels/choose", "registry", "threads"],
    summary: "the module that a worker thread starts with; hosts name it by URL",
  },
  { name: "thresholds", files: /^thresholds\//, may: [base, "detector"], summary: "turns scores into labels and ranks" },
  { name: "evaluation", files: /^evaluation\//, may: [base], summary: "measures scores against known labels" },
  {
    name: "pipeline",
    files: /^pipeline\//,
    may: [base, "detector"],
    summary: "turns named columns into a matrix: missing values, encoding, scaling",
  },
  {
    name: "explanation",
    files: /^explanation\//,
    may: [base, "detector", "pipeline"],
    summary: "computes what each column added to a score",
  },
  {
    name: "model-file",
    files: /^model-file\//,
    may: [base, "detector"],
    summary: "writes and reads a fitted model as one buffer, without running code from it",
  },
  {
    name: "conformance",
    files: /^conformance\//,
    may: [...contract, "kernels/choose", "threads", "thresholds", "evaluation", "model-file"],
    summary: "the tests that every detector must pass; names no detector",
  },
  {
    name: "registry",
    files: /^registry\.ts$/,
    may: ["detector", "detectors", "composed detectors"],
    summary: "the literal list of detectors",
  },
  {
    name: "library",
    files: /^library\//,
    may: [...contract, "kernels/choose", "threads", "thresholds", "pipeline", "explanation", "model-file"],
    summary: "fit, detect, load over a given list of detectors",
  },
  { name: "entries", files: /^[a-z-]+\.ts$/, may: ["*"], summary: "the package's entry points" },
];

const webFramework = [
  "fastify",
  "@fastify/multipart",
  "@fastify/swagger",
  "@fastify/type-provider-typebox",
  "@scalar/fastify-api-reference",
];

const platformLayers: readonly Layer[] = [
  {
    name: "config",
    files: /^config\//,
    may: [],
    packages: ["node:", "@nomaly/detect"],
    summary: "declares all settings, and reads them once into a frozen object",
  },
  {
    name: "budget",
    files: /^budget\//,
    may: [],
    packages: ["node:"],
    summary: "finds the memory limit and divides it among the parts of the service",
  },
  {
    name: "files",
    files: /^files\/(arrow|json|local|read|sample|write)\//,
    may: [],
    packages: ["node:", "@nomaly/detect"],
    summary:
      "file formats and their checks, samples, temporary files; interfaces that read rows (RowStream) and write them (RowSink)",
  },
  {
    name: "files/duckdb",
    files: /^files\/duckdb\//,
    may: ["files"],
    packages: ["node:", "@nomaly/detect", "@duckdb/node-api", "@duckdb/node-bindings", "apache-arrow"],
    summary: "reads and writes CSV, Parquet, JSON and Arrow in chunks, by DuckDB",
  },
  {
    name: "files (open)",
    files: /^files\/[a-z-]+\.ts$/,
    may: ["files", "files/duckdb"],
    packages: ["node:"],
    summary: "opens files for the layers above, hiding DuckDB",
  },
  {
    name: "table-work",
    files: /^table-work\//,
    may: ["files"],
    packages: ["@nomaly/detect"],
    summary: "fits and scores the rows of a file, for the command and for the workers",
  },
  {
    name: "report (pages)",
    files: /^report\/((terminal|columns|page|page-frame|page-style|printable)\.ts$|load-test\/)/,
    may: ["report"],
    packages: ["string-width"],
    summary: "terminal tables and the self-contained HTML page",
  },
  {
    name: "report",
    files: /^report\//,
    may: [],
    packages: ["@nomaly/detect"],
    summary: "words, charts and their style, which the dashboard shares: nothing of Node",
  },
  {
    name: "compute",
    files: /^compute\//,
    may: ["budget", "files", "files (open)", "table-work", "report", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "apache-arrow", "lru-cache"],
    summary: "models in memory, bounded queue, worker processes that fit, score and read files",
  },
  {
    name: "ids",
    files: /^ids\//,
    may: [],
    packages: ["node:"],
    summary: "ids that sort by time; tags of cached values; whether a process is alive",
  },
  {
    name: "metric kinds",
    files: /^watch\/metric-kinds\.ts$/,
    may: [],
    packages: [],
    summary: "how a part declares its metrics: kind, unit and meaning of each number",
  },
  {
    name: "pools",
    files: /^pools\//,
    may: ["metric kinds"],
    packages: ["@nomaly/detect"],
    summary: "the pool of connections to PostgreSQL and Redis",
  },
  {
    name: "store",
    files: /^store\//,
    may: ["ids", "pools", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "pg"],
    summary: "every SQL statement, the migrations, the embedded PostgreSQL",
  },
  {
    name: "cache",
    files: /^cache\//,
    may: ["ids", "pools", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "ioredis", "lru-cache"],
    summary: "a cache of two levels, memory and Redis; either may be lost at any moment",
  },
  {
    name: "http-client",
    files: /^http-client\//,
    may: ["pools", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "undici", "lru-cache"],
    summary: "calls other servers: allowed hosts only, with a pool of connections, limits and retries",
  },
  {
    name: "blobs",
    files: /^blobs\//,
    may: ["ids", "http-client"],
    packages: ["node:", "@nomaly/detect", "@aws-sdk/client-s3", "@aws-sdk/credential-provider-web-identity"],
    summary: "stores bytes too large for the database, in a folder or in object storage",
  },
  {
    name: "jobs",
    files: /^jobs\//,
    may: ["ids", "pools", "store", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "pg-boss"],
    summary: "the queue of jobs in the database, and the message of each kind of job",
  },
  {
    name: "monitor",
    files: /^monitor\//,
    may: ["metric kinds"],
    packages: ["node:"],
    summary: "records requests and samples this process each second",
  },
  {
    name: "services",
    files: /^services\//,
    may: [
      "budget",
      "config",
      "files",
      "report",
      "ids",
      "store",
      "cache",
      "http-client",
      "blobs",
      "jobs",
      "compute",
      "monitor",
      "pools",
    ],
    packages: ["node:", "@nomaly/detect", "cron-parser", "jose", "lru-cache"],
    summary: "one function for each thing that a user can ask of the service",
  },
  {
    name: "watch",
    files: /^watch\//,
    may: ["metric kinds"],
    packages: ["@prometheus-io/client"],
    summary: "gives the metrics of all parts to Prometheus",
  },
  {
    name: "http",
    files: /^http\//,
    may: ["config", "compute", "jobs", "monitor", "services", "watch", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "typebox", "ajv", "ajv-formats", ...webFramework],
    summary: "routes, checks, access, errors, the description of the API",
  },
  {
    name: "client",
    files: /^client\//,
    may: [],
    packages: [],
    summary: "the typed client; its types are generated from the schemas of the API",
  },
  {
    name: "load-test",
    files: /^load-test\//,
    may: ["http-client"],
    packages: ["node:", "@nomaly/detect"],
    summary: "loads a running service with requests, and counts and measures the answers",
  },
  {
    name: "cli",
    files: /^cli\//,
    may: ["config", "files", "files (open)", "table-work", "report (pages)", "report", "load-test", "client"],
    packages: ["node:", "@nomaly/detect"],
    summary: "one file a command",
  },
  {
    name: "main",
    files: /^main\//,
    may: ["*"],
    packages: ["node:", "@nomaly/detect", "fastify", "pino"],
    summary: "the only place that constructs things",
  },
];

export const packageRules: readonly PackageRules[] = [
  {
    folder: "detect",
    layers: detectLayers,
    bannedGlobals: ["process", "document", "window", "Buffer", "require", "__dirname"],
    hostFiles: ["threads/worker-host-node.ts"],
  },
  { folder: "platform", layers: platformLayers, bannedGlobals: [], hostFiles: [] },
  {
    folder: "dashboard",
    layers: dashboardLayers,
    bannedGlobals: ["process", "Buffer", "require", "__dirname"],
    hostFiles: [],
  },
];
