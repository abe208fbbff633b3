/** Watches a replica and decides whether it may answer a read now. */

import { NomalyError } from "@nomaly/detect";
import type { Clock } from "../../pools/resource-pool.ts";
import type { ConnectionPool } from "./connection-pool.ts";
import type { Sql } from "./sql.ts";
import { counter, countsOf, gauge, type StatsOf, text } from "../../watch/metric-kinds.ts";

export type ReplicaState = "unknown" | "ready" | "behind" | "stale" | "down";

const fallbackMetrics = {
  unknown: counter("Reads that went to the primary because the replica's state was not known"),
  behind: counter("Reads that went to the primary because the replica lacked a write that this process knows of"),
  stale: counter("Reads that went to the primary because the replica was too far behind"),
  down: counter("Reads that went to the primary because the replica did not answer"),
  failed: counter("Reads that the primary answered after the replica had failed"),
};

export const replicaMetrics = {
  state: text<ReplicaState>(),
  lagMs: gauge("Time since the primary was seen at the oldest log position that the replica has not reached; 0 when it has all", {
    unit: "ms",
    name: "lag_seconds",
  }),
  reads: counter("Reads that the replica answered"),
  fallbacks: fallbackMetrics,
  /** The error of the check that found the replica down. */
  lastError: text<string | undefined>(),
};
export type ReplicaStats = StatsOf<typeof replicaMetrics>;

export interface Replica {
  /** True when the replica may answer a read now. Counts the answer. */
  take(): boolean;
  /** Fires when the replica is found dead, so that reads which wait for it stop waiting. */
  signal(): AbortSignal;
  /** To be called when a read failed on the replica and goes to the primary. */
  failed(error: unknown): void;
  /** To be called after a write, on its connection: later reads need a replica that has reached this position. Never rejects. */
  noteWrite(sql: Sql): Promise<void>;
  /** To be called when another process has committed: later reads need a replica that has reached the primary's present position. */
  noteForeignWrite(): void;
  /** Checks the replica at once. Never rejects. */
  probe(): Promise<void>;
  stats(): ReplicaStats;
  close(): Promise<void>;
}

export interface ReplicaOptions {
  readonly primary: ConnectionPool;
  readonly replica: ConnectionPool;
  readonly clock?: Clock | undefined;
}

/** A replica further behind than this is not used. */
const staleMs = 5_000;
const probeMs = 1_000;
/** While the replica lacks our own writes it is checked more often, but not more often than this. */
const probeMsMin = 20;
const probeMsMax = 2_000;
/** A dead replica is tried again after this time. */
const retryMs = 5_000;
const marksMax = 64;

// Positions in the write-ahead log as numbers: doubles are exact up to 8 PiB of log.
const position = (name: string) => `pg_wal_lsn_diff(${name}(), '0/0')::float8`;
const writtenText = `select ${position("pg_current_wal_insert_lsn")} as "writtenBytes"`;
const primaryText = `select ${position("pg_current_wal_insert_lsn")} as "writtenBytes", ${position("pg_current_wal_flush_lsn")} as "flushedBytes"`;
const replicaText = `select ${position("pg_last_wal_replay_lsn")} as "replayedBytes"`;

export function watchReplica({ primary, replica, clock = performance }: ReplicaOptions): Replica {
  const count = { reads: 0, fallbacks: countsOf(fallbackMetrics) };
  /** Positions of the primary that the replica has not reached, with the time they were seen, oldest first. */
  let marks: { readonly flushedBytes: number; readonly at: number }[] = [];
  let replayedBytes = 0;
  /** The last position that this process wrote or heard of. */
  let neededBytes = 0;
  /** Writes whose position is unknown: a check of the primary that begins after them gives a position that covers them all. */
  let unknownCount = 0;
  let seenAt = -Infinity;
  let probedAt = -Infinity;
  let down: { readonly at: number; readonly message: string } | undefined;
  let probing: Promise<void> | undefined;
  let alive = new AbortController();

  function state(): ReplicaState {
    if (down !== undefined) return "down";
    if (clock.now() - seenAt > 2 * probeMs + probeMsMax) return "unknown";
    if (unknownCount > 0 || replayedBytes < neededBytes) return "behind";
    return lagMs() > staleMs ? "stale" : "ready";
  }

  const lagMs = () => (marks.length === 0 ? 0 : clock.now() - marks[0].at);

  function take(): boolean {
    const now = state();
    if (now === "ready") {
      count.reads++;
      return true;
    }
    count.fallbacks[now]++;
    if (now === "behind" && clock.now() - probedAt > probeMsMin) void probe();
    return false;
  }

  function probe(): Promise<void> {
    probing ??= look().finally(() => (probing = undefined));
    return probing;
  }

  async function look(): Promise<void> {
    probedAt = clock.now();
    const signal = AbortSignal.timeout(probeMsMax);
    const unknownBefore = unknownCount;
    const [there, here] = await Promise.allSettled([
      replica.query<{ replayedBytes: number | null }>(replicaText, [], signal),
      primary.query<{ writtenBytes: number; flushedBytes: number }>(primaryText, [], signal),
    ]);
    if (here.status === "fulfilled") {
      const { writtenBytes, flushedBytes } = here.value.rows[0];
      if (unknownBefore > 0) neededBytes = Math.max(neededBytes, writtenBytes);
      unknownCount -= unknownBefore;
      if (marks.length < marksMax) marks.push({ flushedBytes, at: probedAt });
    }
    if (there.status === "rejected") return markDown(there.reason);
    const replayed = there.value.rows[0].replayedBytes;
    if (replayed === null) return markDown(new NomalyError("DATABASE", "the server of database_replica_url is no replica"));
    replayedBytes = replayed;
    marks = marks.filter(({ flushedBytes }) => flushedBytes > replayed);
    seenAt = clock.now();
    down = undefined;
  }

  function markDown(error: unknown): void {
    down = { at: clock.now(), message: (error as Error).message };
    alive.abort();
    alive = new AbortController();
  }

  async function noteWrite(sql: Sql): Promise<void> {
    try {
      const { rows } = await sql.query<{ writtenBytes: number }>(writtenText);
      neededBytes = Math.max(neededBytes, rows[0].writtenBytes);
    } catch {
      // The write itself is done. Until the next check gives the primary's position, nothing is read from the replica.
      unknownCount++;
    }
  }

  const timer = setInterval(() => {
    if (down === undefined || clock.now() - down.at >= retryMs) void probe();
  }, probeMs);
  timer.unref();
  void probe();

  return {
    take,
    signal: () => alive.signal,
    failed(error) {
      count.fallbacks.failed++;
      if ((error as NomalyError).code === "DATABASE") void probe();
    },
    noteWrite,
    noteForeignWrite: () => void unknownCount++,
    probe,
    stats: () => ({ state: state(), lagMs: lagMs(), ...count, fallbacks: { ...count.fallbacks }, lastError: down?.message }),
    async close() {
      clearInterval(timer);
      await probing;
    },
  };
}
