/** Opens all parts of the service in order (database, cache, blobs, workers, queue) and registers how to close each. */

import { randomUUID } from "node:crypto";
import { hostname } from "node:os";
import { join } from "node:path";
import { NomalyError, threadCount } from "@nomaly/detect";
import type { BlobStore } from "../blobs/blob-store.ts";
import { availableMemoryBytes } from "../budget/memory-limit.ts";
import { type MemoryShares, memoryShares } from "../budget/memory-shares.ts";
import { openFolderStore } from "../blobs/folder-store.ts";
import { defaultStsEndpoint } from "../blobs/s3-client.ts";
import { openS3Store } from "../blobs/s3-store.ts";
import { writingWithRoom } from "../blobs/writing-with-room.ts";
import { createCache } from "../cache/cache.ts";
import { createRedisLevel2 } from "../cache/redis/redis-level2.ts";
import { type Compute, createCompute } from "../compute/compute.ts";
import { type Config, secretVariables } from "../config/settings.ts";
import { parseAllowedHost } from "../http-client/allowed-hosts.ts";
import { createHttpClient, type HttpClient } from "../http-client/http-client.ts";
import type { OnJobEnd } from "../jobs/settle.ts";
import { openQueue } from "../jobs/open-queue.ts";
import type { Log, ServiceContext } from "../services/core/context.ts";
import { isRedisUp } from "../services/alerts/own-readings.ts";
import { alertReceivers } from "../services/alerts/receivers.ts";
import { loadModelBytes } from "../services/detectors/live-model.ts";
import { endTrainingOf } from "../services/detectors/training-status.ts";
import { endRunOf } from "../services/schedules/run-due.ts";
import { requireRoom } from "../services/core/room.ts";
import { rowLimitsOf } from "../services/rows/rows-source.ts";
import type { WebhookMessage } from "../services/jobs/job-handlers.ts";
import { type Announcement, invalidationsDone, takeInvalidations } from "../store/tables/cache-invalidations.ts";
import { createMonitor, type Monitor } from "../monitor/monitor.ts";
import { migrate } from "../store/schema/migrate.ts";
import { clockAheadMs } from "../store/postgres/database-clock.ts";
import { installationId } from "../store/tables/installation.ts";
import { diskFullError } from "../store/postgres/database-error.ts";
import type { DiskReserve } from "../store/embedded/disk-reserve.ts";
import { listen, type Notifications } from "../store/postgres/notifications.ts";
import { type DatabaseOptions, type OpenDatabase, openDatabase } from "../store/postgres/open-database.ts";
import { extraConnections } from "../store/postgres/pool-sizes.ts";
import type { Closing } from "./closing.ts";
import { startAlertCare } from "./upkeep/alert-care.ts";
import { type ConnectionWatch, type WatchedConnection, watchConnections } from "./upkeep/connection-watch.ts";
import type { FoundDatabase } from "./find-database.ts";
import { type RegisteredProcess, registerThisProcess } from "./upkeep/register-process.ts";
import { startSampleCare } from "./upkeep/sample-care.ts";
import { startScheduleCare } from "./upkeep/schedule-care.ts";
import { startSpaceCare } from "./upkeep/space-care.ts";
import { startTrainingCare } from "./upkeep/training-care.ts";
import { useTemporaryFolder } from "./temporary-folder.ts";
import { webhookSender } from "./webhook-sender.ts";

export interface OpenedService {
  readonly context: ServiceContext;
  readonly httpClient: HttpClient;
  readonly sendWebhook: (message: WebhookMessage, signal: AbortSignal) => Promise<void>;
  /** Where the service keeps its data, for the line that the command prints at the start. */
  readonly where: string;
}

export interface ServiceToOpen {
  readonly config: Config;
  readonly kind: "serve" | "worker";
  readonly log: Log;
  readonly database: Promise<FoundDatabase>;
  /** Stops the start. */
  readonly signal?: AbortSignal | undefined;
}

const clockWarnMs = 30_000;
const clockRefusedMs = 86_400_000;

/** @throws NomalyError CONFIG, DATABASE; `closing` then has the parts that were opened before. */
export async function openService(
  { config, kind, log, database: found, signal }: ServiceToOpen,
  closing: Closing,
): Promise<OpenedService> {
  closing.opened(useTemporaryFolder(config.dataDir), (folder) => folder.remove());
  const httpClient = closing.opened(openHttpClient(config), (open) => open.close());
  const { url, isEmbedded, reserve } = await found;
  const shares = sharesOf(config, isEmbedded);
  await migrate(url);
  const registered = await registerThisProcess({
    id: randomUUID(),
    kind,
    url,
    config: isEmbedded ? withinMemory(config, shares) : config,
    log,
    signal,
  });
  const { applicationName } = registered;
  // Called after a commit that announced something: the first such commit comes after the cache is there.
  const forget = ({ changeId, tags }: Announcement): Promise<unknown> => cache.invalidate(tags, changeId);
  const database = closing.opened(openPool(config, url, { ...registered, reserve, onCommitted: forget }), (open) => open.close());
  closing.opened(registered.keep(database), (open) => open.end());
  const cache = closing.opened(openCache(config, shares, database), (open) => open.close());
  const onAnnouncement = (announcement: Announcement) => {
    // First, so that the cache is not filled again from a replica that lacks this change.
    database.heardOfWrite();
    // `forget` never rejects.
    void forget(announcement);
  };
  let watch: ConnectionWatch | undefined;
  const onGap = () => {
    cache.dropLocal();
    watch?.look();
  };
  const notifications = closing.opened(
    await listen({ url, applicationName: `${applicationName} listening`, onAnnouncement, onGap }),
    (open) => open.close(),
  );
  watch = closing.opened(watchConnections(connectionsOf({ database, cache, notifications }), log), (open) => open.close());
  await requireClock(database, log);
  const stored = await openBlobs(config, httpClient);
  await stored.claim(await installationId(database));
  const blobs = isEmbedded ? writingWithRoom(stored, () => requireRoom({ reserve })) : stored;
  const compute = closing.opened(
    createCompute({
      loadModel: (versionId) => loadModelBytes({ database, blobs }, versionId),
      shares,
      modelBytesMax: Math.min(config.modelMemoryBytes, shares.modelBytes),
      queueRowsMax: config.queueRows,
      queueBytesMax: Math.min(config.queueBytes, shares.queueBytes),
      rowLimits: rowLimitsOf(config),
      unpackedBytesMax: config.uploadBytes,
      hiddenVariables: secretVariables,
    }),
    (open) => open.close(),
  );
  const onEnd: OnJobEnd = async (sql, job) => {
    await endTrainingOf(sql, job);
    await endRunOf(sql, job);
  };
  const queue = closing.opened(await openQueue({ database, url, retryLimit: config.jobRetryLimit, log, onEnd }), (open) =>
    open.close({ timeoutMs: config.shutdownTimeoutS * 1000 }),
  );
  const monitor = closing.opened(openMonitor(config, shares, compute), (open) => open.close());
  const parts = { database, cache, compute, blobs, reserve, queue, monitor, alertReceivers: alertReceivers(config, httpClient) };
  const context = { config, shares, databaseUrl: url, ...parts, trainings: new Set<string>(), processId: registered.id, log };
  for (const start of [startTrainingCare, startSpaceCare, startScheduleCare, startSampleCare, startAlertCare])
    closing.opened(start(context), (open) => open.close());
  return { context, httpClient, sendWebhook: webhookSender(httpClient), where: whereOf(config, isEmbedded) };
}

function whereOf({ dataDir, redisUrl }: Config, isEmbedded: boolean): string {
  return `${isEmbedded ? `PostgreSQL in ${dataDir}` : "PostgreSQL server"}, ${redisUrl === undefined ? "no Redis" : "Redis"}`;
}

function openMonitor({ monitoring }: Config, { limitBytes }: MemoryShares, compute: Compute): Monitor {
  const facts = { processorCount: threadCount(), memoryLimitBytes: limitBytes, host: hostname() };
  return createMonitor({ ...facts, workerPids: () => compute.workerPids(), hasTimer: monitoring === "on" });
}

/** Lowers the pool sizes to what memory allows: the embedded database runs a process for each connection. */
function withinMemory(config: Config, { embeddedConnections }: MemoryShares): Config {
  const connectionCount = Math.max(2, embeddedConnections - extraConnections);
  if (config.databasePoolSize + config.databaseMaxOverflow <= connectionCount) return config;
  const databasePoolSize = Math.min(config.databasePoolSize, Math.ceil(connectionCount * 0.6));
  return { ...config, databasePoolSize, databaseMaxOverflow: connectionCount - databasePoolSize };
}

function sharesOf(config: Config, hasEmbeddedDatabase: boolean): MemoryShares {
  const workerCount = config.computeWorkers === 0 ? threadCount() : config.computeWorkers;
  return memoryShares({ limitBytes: config.memoryLimitBytes ?? availableMemoryBytes(), hasEmbeddedDatabase, workerCount });
}

function connectionsOf({
  database,
  cache,
  notifications,
}: Pick<ServiceContext, "database" | "cache"> & { readonly notifications: Notifications }): readonly WatchedConnection[] {
  const redisIsUp = () => {
    const level2 = cache.stats().level2;
    return level2 === undefined || isRedisUp(level2);
  };
  return [
    {
      name: "the database",
      isUp: () => notifications.stats().isListening,
      meanwhile: "requests that need it are refused, jobs wait",
    },
    {
      name: "the replica",
      isUp: () => database.stats().replica?.state !== "down",
      meanwhile: "reads go to the primary",
    },
    { name: "Redis", isUp: redisIsUp, meanwhile: "the cache is each process's own memory" },
  ];
}

/** Refuses a clock that is far off: ids carry the time of this process and decide the month's partition of a result. @throws NomalyError CONFIG. */
async function requireClock(database: OpenDatabase, log: Log): Promise<void> {
  const aheadMs = await clockAheadMs(database);
  if (Math.abs(aheadMs) < clockWarnMs) return;
  const seconds = Math.round(aheadMs / 1000);
  const said = `the clock of this machine is ${Math.abs(seconds)} s ${seconds > 0 ? "ahead of" : "behind"} the database's`;
  if (Math.abs(aheadMs) > clockRefusedMs) throw new NomalyError("CONFIG", `${said}: set it right`, { field: "clock" });
  log.warn({ ahead_s: seconds }, said);
}

/** @throws NomalyError CONFIG naming the setting that object storage lacks. */
async function openBlobs(config: Config, client: HttpClient): Promise<BlobStore> {
  if (config.storage === "folder") return openFolderStore(join(config.dataDir, "blobs"));
  const { s3Endpoint, s3Region, s3Bucket, s3AccessKeyId, s3SecretAccessKey, s3SessionToken, s3RoleArn, s3WebIdentityTokenFile } =
    config;
  const stsEndpoint = stsEndpointOf(config);
  const needed = {
    s3_endpoint: s3Endpoint,
    s3_bucket: s3Bucket,
    ...(stsEndpoint === undefined
      ? { s3_access_key_id: s3AccessKeyId, s3_secret_access_key: s3SecretAccessKey }
      : { s3_web_identity_token_file: s3WebIdentityTokenFile }),
  };
  const missing = Object.entries(needed).find(([, value]) => value === undefined)?.[0];
  if (missing !== undefined) throw new NomalyError("CONFIG", `storage is "s3", which needs ${missing}`, { field: missing });
  const keys = { accessKeyId: String(s3AccessKeyId), secretAccessKey: String(s3SecretAccessKey), sessionToken: s3SessionToken };
  const role = {
    roleArn: String(s3RoleArn),
    webIdentityTokenFile: String(s3WebIdentityTokenFile),
    stsEndpoint: String(stsEndpoint),
  };
  return openS3Store({
    client,
    endpoint: String(s3Endpoint),
    region: s3Region,
    bucket: String(s3Bucket),
    credentials: stsEndpoint === undefined ? { kind: "keys", ...keys } : { kind: "role", ...role },
  });
}

/** The address that gives temporary keys for a role; undefined where the settings give keys. */
function stsEndpointOf({ storage, s3AccessKeyId, s3RoleArn, s3StsEndpoint, s3Region }: Config): string | undefined {
  if (storage !== "s3" || s3AccessKeyId !== undefined || s3RoleArn === undefined) return undefined;
  return s3StsEndpoint ?? defaultStsEndpoint(s3Region);
}

interface PoolParts extends Pick<RegisteredProcess, "sizes" | "applicationName" | "admit">, Pick<DatabaseOptions, "onCommitted"> {
  readonly reserve: DiskReserve;
}

function openPool(config: Config, url: string, { sizes, applicationName, admit, reserve, onCommitted }: PoolParts): OpenDatabase {
  return openDatabase({
    url,
    // When a full disk ended the database, its connections only report that they were lost.
    explain: (error) => (reserve.isShort() ? diskFullError(error.cause) : error),
    replicaUrl: config.databaseReplicaUrl,
    onCommitted,
    applicationName,
    admit,
    ...sizes,
    acquireTimeoutMs: config.databasePoolTimeoutS * 1000,
    recycleMs: config.databasePoolRecycleS * 1000,
    statementTimeoutMs: config.databaseStatementTimeoutS * 1000,
  });
}

function openHttpClient(config: Config): HttpClient {
  const named = [config.jwksUrl, config.s3Endpoint, stsEndpointOf(config), config.alertWebhookUrl, config.alertSlackUrl]
    .filter((url) => url !== undefined)
    .map((url) => hostOf(url));
  return createHttpClient({
    allowedHosts: [...config.httpAllowedHosts.map(parseAllowedHost), ...named],
    connectionsMax: config.httpMaxConnections,
    connectionsPerHostMax: config.httpMaxConnectionsPerHost,
    nameTtlMs: config.httpDnsCacheS * 1000,
    keepAliveMs: config.httpKeepaliveS * 1000,
    totalTimeoutMs: config.httpTotalTimeoutS * 1000,
  });
}

/** Allows the host of a setting, which may be in the operator's own network. */
function hostOf(address: string): ReturnType<typeof parseAllowedHost> {
  const url = new URL(address);
  return {
    host: url.hostname,
    ...(url.port === "" ? {} : { port: Number(url.port) }),
    isPrivate: true,
    isPlain: url.protocol === "http:",
  };
}

function openCache(config: Config, shares: MemoryShares, database: OpenDatabase): ServiceContext["cache"] {
  const { redisUrl } = config;
  const level2 =
    redisUrl === undefined
      ? undefined
      : createRedisLevel2({
          url: redisUrl,
          connectionsMax: config.redisMaxConnections,
          callTimeoutMs: config.redisCallTimeoutMs,
          healthCheckMs: config.redisHealthCheckS * 1000,
        });
  return createCache({
    level1BytesMax: Math.min(config.cacheLevel1Bytes, shares.cacheBytes),
    level1TtlMs: config.cacheLevel1TtlS * 1000,
    level2,
    ttlMs: { results: config.cacheResultsTtlS * 1000, metadata: config.cacheMetadataTtlS * 1000 },
    onForeignChange: () => database.heardOfWrite(),
    pendingInvalidations: {
      take: (limit) => takeInvalidations(database, limit),
      done: (ids) => invalidationsDone(database, ids),
    },
  });
}
