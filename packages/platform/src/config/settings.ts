/** Declares every setting of the service. The parser, `nomaly config` and the documentation are made from this list. */

export interface SettingSpec {
  readonly name: string;
  readonly kind: "text" | "integer" | "bytes" | "list" | "url" | "choice";
  /** The default as a user would write it; without it, the setting is undefined unless it is set. */
  readonly default?: string;
  readonly min?: number;
  readonly max?: number;
  readonly choices?: readonly string[];
  /** The environment variable; by default NOMALY_ and the name in capitals. */
  readonly variable?: string;
  /** The value holds a password or key, so nothing ever shows it. */
  readonly secret?: boolean;
  readonly summary: string;
}

const kib = 1024;
const seconds = { min: 1, max: 604_800 } as const;
const connections = { min: 1, max: 10_000 } as const;
const sizes = { min: kib, max: 2 ** 50 } as const;

export const settingSpecs = [
  {
    name: "host",
    kind: "text",
    default: "127.0.0.1",
    summary: "address to listen on; any but loopback needs API keys or tokens",
  },
  { name: "port", kind: "integer", default: "8080", min: 0, max: 65_535, summary: "port to listen on; 0 takes a free one" },
  {
    name: "worker_port",
    kind: "integer",
    min: 0,
    max: 65_535,
    summary:
      "port on which `nomaly worker` serves its health and metrics; 0 takes a free one; without it, a worker listens on no port",
  },
  { name: "data_dir", kind: "text", summary: "folder of the embedded database, data sets and models" },
  {
    name: "log_level",
    kind: "choice",
    choices: ["silent", "error", "warn", "info", "debug"],
    default: "info",
    summary: "least severe level that the service logs, as JSON lines on stderr",
  },
  {
    name: "monitoring",
    kind: "choice",
    choices: ["on", "off"],
    default: "on",
    summary:
      "whether requests are recorded and a sample is taken each second, for the report and the dashboard; `/metrics` has its numbers either way",
  },

  {
    name: "database_url",
    kind: "url",
    variable: "DATABASE_URL",
    secret: true,
    summary: "address of a PostgreSQL server to use instead of the embedded one",
  },
  {
    name: "database_replica_url",
    kind: "url",
    variable: "DATABASE_REPLICA_URL",
    secret: true,
    summary: "address of a replica of that server, for reads",
  },
  {
    name: "database_pool_size",
    kind: "integer",
    default: "20",
    ...connections,
    summary: "database connections that stay open; unless this is set, fewer where the server has fewer left",
  },
  {
    name: "database_max_overflow",
    kind: "integer",
    default: "30",
    min: 0,
    max: 10_000,
    summary: "further database connections while they are needed; unless this is set, fewer where the server has fewer left",
  },
  {
    name: "database_pool_timeout_s",
    kind: "integer",
    default: "30",
    ...seconds,
    summary: "longest wait for a database connection",
  },
  {
    name: "database_pool_recycle_s",
    kind: "integer",
    default: "3600",
    ...seconds,
    summary: "age at which a database connection is replaced",
  },
  {
    name: "database_statement_timeout_s",
    kind: "integer",
    default: "60",
    ...seconds,
    summary: "time limit of one statement; migrations and maintenance have none",
  },
  {
    name: "database_connection_reserve",
    kind: "integer",
    default: "10",
    min: 0,
    max: 10_000,
    summary: "connections of the database server that all nomaly processes together leave free",
  },

  {
    name: "redis_url",
    kind: "url",
    variable: "REDIS_URL",
    secret: true,
    summary: "address of a Redis server to use as second level of the cache",
  },
  { name: "redis_max_connections", kind: "integer", default: "20", ...connections, summary: "connections to Redis" },
  {
    name: "redis_health_check_s",
    kind: "integer",
    default: "30",
    ...seconds,
    summary: "idle time after which a Redis connection is checked",
  },
  {
    name: "redis_call_timeout_ms",
    kind: "integer",
    default: "50",
    min: 1,
    max: 60_000,
    summary: "longest wait for one call of the cache",
  },
  { name: "cache_level1_bytes", kind: "bytes", default: "128MiB", ...sizes, summary: "memory of the cache in each process" },
  { name: "cache_level1_ttl_s", kind: "integer", default: "300", ...seconds, summary: "longest life of an entry in memory" },
  { name: "cache_results_ttl_s", kind: "integer", default: "3600", ...seconds, summary: "life of cached predictions" },
  { name: "cache_metadata_ttl_s", kind: "integer", default: "86400", ...seconds, summary: "life of cached model metadata" },

  { name: "http_max_connections", kind: "integer", default: "100", ...connections, summary: "outgoing HTTP connections" },
  {
    name: "http_max_connections_per_host",
    kind: "integer",
    default: "30",
    ...connections,
    summary: "outgoing HTTP connections to one host",
  },
  { name: "http_dns_cache_s", kind: "integer", default: "300", ...seconds, summary: "life of a resolved host name" },
  { name: "http_keepalive_s", kind: "integer", default: "30", ...seconds, summary: "idle time of an outgoing connection" },
  {
    name: "http_total_timeout_s",
    kind: "integer",
    default: "60",
    ...seconds,
    summary: "time limit of an outgoing call, all tries together",
  },
  {
    name: "http_allowed_hosts",
    kind: "list",
    default: "",
    summary: "hosts that the service may call at addresses given in requests (webhooks)",
  },

  {
    name: "storage",
    kind: "choice",
    choices: ["folder", "s3"],
    default: "folder",
    summary: "where the service stores the bytes of data sets and large models",
  },
  { name: "s3_endpoint", kind: "url", summary: "object storage: its address" },
  { name: "s3_region", kind: "text", default: "us-east-1", summary: "object storage: region" },
  { name: "s3_bucket", kind: "text", summary: "object storage: bucket" },
  { name: "s3_access_key_id", kind: "text", secret: true, summary: "object storage: key id" },
  { name: "s3_secret_access_key", kind: "text", secret: true, summary: "object storage: secret key" },
  { name: "s3_session_token", kind: "text", secret: true, summary: "object storage: session token of temporary keys" },
  {
    name: "s3_role_arn",
    kind: "text",
    variable: "AWS_ROLE_ARN",
    summary: "object storage, without keys: role whose temporary keys the service gets for a token in a file",
  },
  {
    name: "s3_web_identity_token_file",
    kind: "text",
    variable: "AWS_WEB_IDENTITY_TOKEN_FILE",
    summary: "object storage: the file with the token; the service reads it again whenever it gets temporary keys",
  },
  {
    name: "s3_sts_endpoint",
    kind: "url",
    summary: "object storage: address that gives temporary keys for the token; by default AWS, in the region",
  },

  {
    name: "compute_workers",
    kind: "integer",
    default: "0",
    min: 0,
    max: 1024,
    summary: "worker processes for fitting and scoring; 0 starts as many as the processor quota",
  },
  {
    name: "memory_limit_bytes",
    kind: "bytes",
    min: 256 * kib * kib,
    max: 2 ** 50,
    summary:
      "memory that this process, its workers and an embedded database may take together; all other memory budgets are shares of it; by default the container's limit, else the machine's memory",
  },
  { name: "model_memory_bytes", kind: "bytes", default: "512MiB", ...sizes, summary: "memory of loaded models" },
  { name: "queue_rows", kind: "integer", default: "4000000", min: 1, max: 1e12, summary: "rows that may wait for a worker" },
  { name: "queue_bytes", kind: "bytes", default: "512MiB", ...sizes, summary: "bytes that may wait for a worker" },
  {
    name: "train_inline_values",
    kind: "integer",
    default: "2000000",
    min: 0,
    max: 1e12,
    summary:
      "largest data set, as rows x columns, that train, predict and batch work on at once instead of by a job, and that evaluate, explain and compare accept",
  },

  { name: "body_bytes", kind: "bytes", default: "64MiB", ...sizes, summary: "largest body of a request" },
  { name: "upload_bytes", kind: "bytes", default: "2GiB", ...sizes, summary: "largest uploaded file" },
  {
    name: "quota_bytes",
    kind: "bytes",
    default: "20GiB",
    ...sizes,
    summary: "largest size of all stored data sets, model versions and results together",
  },
  { name: "request_rows", kind: "integer", default: "1000000", min: 1, max: 1e9, summary: "most rows in one request" },
  { name: "request_columns", kind: "integer", default: "10000", min: 1, max: 1e6, summary: "most columns in one request" },
  { name: "request_timeout_s", kind: "integer", default: "60", ...seconds, summary: "time limit of one request" },
  { name: "rate_limit", kind: "integer", default: "100", min: 1, max: 1e6, summary: "most requests a second with one key" },
  {
    name: "shutdown_timeout_s",
    kind: "integer",
    default: "30",
    ...seconds,
    summary: "time that running requests and jobs get to end when the service stops",
  },

  {
    name: "auth",
    kind: "choice",
    choices: ["auto", "required", "none"],
    default: "auto",
    summary: "whether requests need a key; with auto they do when host is not loopback or a token issuer is set",
  },
  {
    name: "cors_origins",
    kind: "list",
    default: "",
    summary:
      "origins of pages that may use the service from a browser, such as `https://app.example.com`; `*` stands for all, and is refused where no key is needed",
  },
  { name: "jwks_url", kind: "url", summary: "address of the key set (JWKS) of the issuer whose tokens the service accepts" },
  { name: "jwt_issuer", kind: "text", summary: "issuer that tokens must name" },
  { name: "jwt_audience", kind: "text", summary: "audience that tokens must name" },

  {
    name: "alert_interval_s",
    kind: "integer",
    default: "5",
    min: 1,
    max: 10,
    summary: "time between two evaluations of the alert rules",
  },
  {
    name: "alert_webhook_url",
    kind: "url",
    secret: true,
    summary: "address that gets messages about alerts as JSON; its host need not be among http_allowed_hosts",
  },
  {
    name: "alert_webhook_secret",
    kind: "text",
    secret: true,
    summary: "key with which those messages are signed (HMAC-SHA256)",
  },
  {
    name: "alert_slack_url",
    kind: "url",
    secret: true,
    summary: "address of an incoming webhook of Slack, or of a server that takes the same, for messages about alerts",
  },

  {
    name: "job_concurrency",
    kind: "integer",
    default: "2",
    min: 0,
    max: 1024,
    summary: "jobs that this process runs at once; 0 leaves them to `nomaly worker`",
  },
  {
    name: "job_retry_limit",
    kind: "integer",
    default: "3",
    min: 0,
    max: 100,
    summary: "further attempts of a job that failed for a passing reason",
  },
  {
    name: "schedules_max",
    kind: "integer",
    default: "100",
    min: 0,
    max: 1e6,
    summary: "most schedules that one key or token may make",
  },
  {
    name: "schedule_seconds_min",
    kind: "integer",
    default: "60",
    ...seconds,
    summary: "shortest time between two runs of a schedule",
  },
  {
    name: "result_retention_days",
    kind: "integer",
    default: "365",
    min: 1,
    max: 36_500,
    summary: "age at which the service removes stored results",
  },
  {
    name: "versions_kept",
    kind: "integer",
    default: "10",
    min: 1,
    max: 1e6,
    summary: "the last versions of each detector that the service keeps; it removes older ones, and never the live one",
  },
] as const satisfies readonly SettingSpec[];

type Spec = (typeof settingSpecs)[number];
export type SettingName = Spec["name"];

type CamelCase<Name extends string> = Name extends `${infer Head}_${infer Tail}` ? `${Head}${Capitalize<CamelCase<Tail>>}` : Name;
type ValueOf<One extends Spec> = One["kind"] extends "integer" | "bytes"
  ? number
  : One["kind"] extends "list"
    ? readonly string[]
    : One extends { choices: readonly (infer Choice)[] }
      ? Choice
      : string;

/** The parsed settings under their names in camelCase; undefined where a setting has neither value nor default. */
export type Config = Readonly<{
  [One in Spec as CamelCase<One["name"]>]: One extends { default: string } | { name: "data_dir" }
    ? ValueOf<One>
    : ValueOf<One> | undefined;
}> & {
  /** The settings that the user has given a value, even if it equals the default. */
  readonly isSet: ReadonlySet<SettingName>;
};

export function variableOf(spec: SettingSpec): string {
  return spec.variable ?? `NOMALY_${spec.name.toUpperCase()}`;
}

/** Environment variables that hold secrets. */
export const secretVariables: readonly string[] = settingSpecs
  .filter((spec: SettingSpec) => spec.secret === true)
  .map((spec) => variableOf(spec));
