/**
 * What each setting of PostgreSQL should be, from the server's memory and its connections. On a host with 4 GB and 200 connections
 * these are 200, 1GB, 3GB, 256MB, 0.9, 16MB, 100, 1.1; work_mem is 15MB there, as 64MB x 200 is more than such a host has.
 */

const mib = 1024 ** 2;

export interface ServerLoad {
  /** Undefined where it is not known. */
  readonly memoryBytes: number | undefined;
  /** The most connections at a time that the server will allow. */
  readonly connections: number;
  readonly connectionsNeeded: number;
}

export interface SettingRule {
  readonly name: string;
  readonly kind: "bytes" | "number" | "milliseconds";
  /** Undefined where memory decides and is not known. */
  readonly wanted: (load: ServerLoad) => number | undefined;
  readonly isFine: (live: number, wanted: number, load: ServerLoad) => boolean;
  readonly why: string;
}

/** One connection, with what its statements hold, takes about this much beside work_mem. */
const connectionBytes = 20 * mib;
const workBytesMax = 64 * mib;
const walBytesMax = 16 * mib;
/** A larger one makes vacuum no faster. */
const maintenanceBytesMax = 1024 * mib;
const connectionsMax = 200;

const ofMemory =
  (share: number, bytesMax = Number.POSITIVE_INFINITY) =>
  ({ memoryBytes }: ServerLoad) =>
    memoryBytes === undefined ? undefined : wholeMebibytes(Math.min(bytesMax, memoryBytes * share));

/** Sizes need not be exact. */
const about = (low: number, high: number) => (live: number, wanted: number) => live >= wanted * low && live <= wanted * high;

export const settingRules: readonly SettingRule[] = [
  {
    name: "max_connections",
    kind: "number",
    wanted: ({ memoryBytes = Number.POSITIVE_INFINITY, connectionsNeeded }) =>
      Math.max(Math.ceil(connectionsNeeded / 10) * 10, Math.min(connectionsMax, Math.floor(memoryBytes / connectionBytes))),
    isFine: (live, wanted, { memoryBytes, connectionsNeeded }) =>
      live >= connectionsNeeded && (memoryBytes === undefined || live <= wanted),
    why: "enough for all our processes and the reserve; each connection takes about 20 MB of memory, so no more than fit, and 200 at most",
  },
  {
    name: "shared_buffers",
    kind: "bytes",
    wanted: ofMemory(1 / 4),
    isFine: about(0.5, 1.6),
    why: "a quarter of memory: PostgreSQL keeps pages there, and the system keeps files in the rest",
  },
  {
    name: "effective_cache_size",
    kind: "bytes",
    wanted: ofMemory(3 / 4),
    isFine: about(0.5, 1.25),
    why: "three quarters of memory: takes none, but tells the planner how much of the tables is in memory",
  },
  {
    name: "maintenance_work_mem",
    kind: "bytes",
    wanted: ofMemory(1 / 16, maintenanceBytesMax),
    isFine: about(0.5, 2),
    why: "a sixteenth of memory, 1GB at most: vacuum and index builds work in it, a few at a time",
  },
  {
    name: "work_mem",
    kind: "bytes",
    wanted: ({ memoryBytes, connections }) =>
      memoryBytes === undefined
        ? undefined
        : Math.max(mib, wholeMebibytes(Math.min(workBytesMax, (memoryBytes * (3 / 4)) / connections))),
    isFine: about(0.25, 1),
    why: "what shared_buffers leaves of memory, divided by max_connections, 64MB at most: each sort and hash of each connection may take it",
  },
  {
    name: "checkpoint_completion_target",
    kind: "number",
    wanted: () => 0.9,
    isFine: (live, wanted) => live >= wanted,
    why: "checkpoints write evenly over nearly all of the time between two of them, instead of at once",
  },
  {
    name: "wal_buffers",
    kind: "bytes",
    wanted: ({ memoryBytes }) =>
      memoryBytes === undefined ? undefined : Math.max(mib, wholeMebibytes(Math.min(walBytesMax, memoryBytes / 4 / 32))),
    isFine: about(0.5, Number.POSITIVE_INFINITY),
    why: "one part in 32 of shared_buffers, 16MB at most: what is written waits there until they are written to the log",
  },
  {
    name: "default_statistics_target",
    kind: "number",
    wanted: () => 100,
    isFine: (live, wanted) => live >= wanted,
    why: "how finely ANALYZE counts the values of columns, from which the planner estimates rows",
  },
  {
    name: "random_page_cost",
    kind: "number",
    wanted: () => 1.1,
    isFine: (live, wanted) => live >= 1 && live <= wanted * 2,
    why: "on solid-state disks a page anywhere costs about as much as the next one (leave 4 for disks that spin)",
  },
  {
    name: "log_min_duration_statement",
    kind: "milliseconds",
    wanted: () => 1000,
    isFine: (live, wanted) => live > 0 && live <= wanted,
    why: "the server's log then has every statement of a second and more",
  },
];

function wholeMebibytes(bytes: number): number {
  return Math.floor(bytes / mib) * mib;
}

/** As PostgreSQL writes it: "1GB", "0.9". */
export function settingText(kind: SettingRule["kind"], value: number): string {
  if (kind === "number") return String(value);
  if (kind === "milliseconds") return `${value}ms`;
  if (value % (1024 * mib) === 0) return `${value / (1024 * mib)}GB`;
  return value % mib === 0 ? `${value / mib}MB` : `${Math.floor(value / 1024)}kB`;
}
