/** Who may import whom: the one place of these rules. tools/layers.ts enforces them, ARCHITECTURE.md shows them. */

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
    files: /^(matrix|random|errors|travelling-error|shared-memory|version)\.ts$/,
    may: [],
    summary: "table of numbers, seeded generator, coded errors, shared arrays",
  },
  {
    name: "kernels (interface)",
    files: /^kernels\/(kernel-set|[a-z]+-kernels)\.ts$/,
    may: [base],
    summary: "what a kernel computes; says nothing of how",
  },
  {
    name: "kernels/reference",
    files: /^kernels\/reference\//,
    may: [base, "kernels (interface)"],
    summary: "plain float64: the truth",
  },
  {
    name: "kernels/wasm",
    files: /^kernels\/wasm\//,
    may: [base, "kernels (interface)", "kernels/reference"],
    summary: "the same bits, faster; asks the reference where a call is too small to be worth copying",
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
    summary: "running named pure tasks over ranges",
  },
  {
    name: "structures",
    files: /^structures\//,
    may: contract,
    summary: "what several detectors share: trees, neighbour indexes, decompositions",
  },
  {
    name: "detectors",
    files: /^detectors\/[^/]+\//,
    may: [...contract, "structures"],
    separate: true,
    summary: "one folder each; never another detector, never a kernel backend",
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
  { name: "thresholds", files: /^thresholds\//, may: [base, "detector"], summary: "from scores to labels and ranks" },
  { name: "evaluation", files: /^evaluation\//, may: [base], summary: "measures against known labels" },
  {
    name: "pipeline",
    files: /^pipeline\//,
    may: [base, "detector"],
    summary: "columns by name to a matrix: missing values, encoding, scaling",
  },
  {
    name: "explanation",
    files: /^explanation\//,
    may: [base, "detector", "pipeline"],
    summary: "what each column added to a score",
  },
  { name: "model-file", files: /^model-file\//, may: [base, "detector"], summary: "one safe buffer for a fitted model" },
  {
    name: "conformance",
    files: /^conformance\//,
    may: [...contract, "kernels/choose", "threads", "thresholds", "evaluation", "model-file"],
    summary: "the suite every detector must pass; never names one",
  },
  { name: "registry", files: /^registry\.ts$/, may: ["detector", "detectors"], summary: "the literal list of detectors" },
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
  { name: "config", files: /^config\//, may: [], packages: ["node:", "@nomaly/detect"], summary: "one frozen object, read once" },
  {
    name: "budget",
    files: /^budget\//,
    may: [],
    packages: ["node:"],
    summary: "how much memory there is, and who may take how much of it",
  },
  {
    name: "files",
    files: /^files\/(arrow|json|local|read|sample|write)\//,
    may: [],
    packages: ["node:", "@nomaly/detect"],
    summary: "formats and their checks, samples, destinations; what reads rows (RowStream) and what writes them (RowSink)",
  },
  {
    name: "files/duckdb",
    files: /^files\/duckdb\//,
    may: ["files"],
    packages: ["node:", "@nomaly/detect", "@duckdb/node-api", "apache-arrow"],
    summary: "CSV, Parquet, JSON and Arrow, in and out, in chunks, by DuckDB",
  },
  {
    name: "files (open)",
    files: /^files\/[a-z-]+\.ts$/,
    may: ["files", "files/duckdb"],
    packages: ["node:"],
    summary: "what may be asked of files; shows nothing of DuckDB",
  },
  {
    name: "table-work",
    files: /^table-work\//,
    may: ["files"],
    packages: ["@nomaly/detect"],
    summary: "fits and scores the rows of a file, for the command and for the workers",
  },
  {
    name: "report",
    files: /^report\//,
    may: [],
    packages: ["@nomaly/detect", "string-width"],
    summary: "terminal tables and the self-contained HTML page",
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
    summary: "ids that sort by time; tags of what is cached; whether a process lives",
  },
  {
    name: "metric kinds",
    files: /^watch\/metric-kinds\.ts$/,
    may: [],
    packages: [],
    summary: "what a number of a part is, for whoever keeps numbers",
  },
  {
    name: "pools",
    files: /^pools\//,
    may: ["metric kinds"],
    packages: ["@nomaly/detect"],
    summary: "one policy for every pool of connections",
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
    summary: "two levels, memory and Redis; may vanish at any moment",
  },
  {
    name: "http-client",
    files: /^http-client\//,
    may: ["pools", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "undici", "lru-cache"],
    summary: "the outgoing pool, which calls allowed hosts only",
  },
  {
    name: "blobs",
    files: /^blobs\//,
    may: ["ids", "http-client"],
    packages: ["node:", "@nomaly/detect", "@aws-sdk/client-s3", "@aws-sdk/credential-provider-web-identity"],
    summary: "bytes too large for the database: a folder, or object storage",
  },
  {
    name: "jobs",
    files: /^jobs\//,
    may: ["ids", "pools", "store", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "pg-boss"],
    summary: "the queue in the database, and what each job is told",
  },
  {
    name: "services",
    files: /^services\//,
    may: ["budget", "config", "files", "report", "ids", "store", "cache", "http-client", "blobs", "jobs", "compute"],
    packages: ["node:", "@nomaly/detect", "jose", "lru-cache"],
    summary: "one function a person could ask for",
  },
  {
    name: "watch",
    files: /^watch\//,
    may: ["metric kinds"],
    packages: ["@prometheus-io/client"],
    summary: "numbers of all parts, read when Prometheus asks",
  },
  {
    name: "http",
    files: /^http\//,
    may: ["config", "compute", "jobs", "services", "watch", "metric kinds"],
    packages: ["node:", "@nomaly/detect", "typebox", "ajv", "ajv-formats", ...webFramework],
    summary: "routes, checks, access, errors, the description of the API",
  },
  {
    name: "client",
    files: /^client\//,
    may: [],
    packages: [],
    summary: "the typed client: its types are written from the schemas of the API",
  },
  {
    name: "cli",
    files: /^cli\//,
    may: ["config", "files", "files (open)", "table-work", "report"],
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
];
