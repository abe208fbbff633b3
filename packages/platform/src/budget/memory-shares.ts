/**
 * Divides `memory_limit_bytes` among the parts of the service. Every bound on memory is a share of it, or a smaller number that the
 * operator sets: so the process, its workers and an embedded database stay within the limit together, whatever clients send.
 */

const mib = 1024 ** 2;

/** The shares of a lower limit are computed from this one: with less memory, the programs alone take most of it. */
export const memoryLimitBytesMin = 768 * mib;

export interface MemoryToShare {
  readonly limitBytes: number;
  /** The database's processes are children of this process. */
  readonly hasEmbeddedDatabase: boolean;
  /** Workers for fitting and scoring that the processors can keep busy. */
  readonly workerCount: number;
}

export interface WorkerShares {
  /** Workers that score and fit the rows of requests. */
  readonly shortCount: number;
  readonly shortBytes: number;
  /** Workers that read, describe and convert files while a client waits. */
  readonly fileCount: number;
  readonly fileBytes: number;
  /** Workers that train on, or score, whole files. */
  readonly longCount: number;
  readonly longBytes: number;
}

export interface MemoryShares {
  readonly limitBytes: number;
  /** Level 1 of the cache. */
  readonly cacheBytes: number;
  /** Models in the memory of the server process. */
  readonly modelBytes: number;
  /** Rows that wait for a worker. */
  readonly queueBytes: number;
  /** All bodies of requests in memory; larger bodies are on disk. */
  readonly bodyBytes: number;
  /** One body, in memory or on disk: a worker has to read it in one piece. */
  readonly bodyBytesMax: number;
  /** One model file of a request: every worker that scores has to hold the model. */
  readonly modelFileBytesMax: number;
  /** All answers that their clients have not read yet. */
  readonly answerBytes: number;
  readonly workers: WorkerShares;
  /** Connections to the embedded database; each is a process of its server. */
  readonly embeddedConnections: number;
}

/** Shares of the limit. The server program itself takes the rest. */
const embeddedShare = 0.17;
const workersShare = 0.5;
const cacheShare = 1 / 24;
const modelShare = 1 / 24;
const queueShare = 1 / 32;
const bodyShare = 1 / 32;
const answerShare = 1 / 32;

/** Relative memory of the kinds of workers. */
const weights = { short: 1.25, file: 2, long: 2 } as const;
/** Measured memory of a worker that has loaded its libraries and has done no work. */
export const idleWorkerBytes = 72 * mib;
/** A worker with less memory can do no work. */
const shortBytesMin = 104 * mib;
/** A worker that reads a body holds its bytes, its text, its values and its table, together about this many times the bytes. */
const bytesPerBodyByte = 6;
/** A worker that restores a model holds its file, its arrays and what its kernels keep. */
const bytesPerModelByte = 3;
/** From this many workers on, two of them read files. */
const workersOfTwoReaders = 4;

/** Measured resident memory of the embedded database without a connection, and of each connection. */
const embeddedBaseBytes = 52 * mib;
const embeddedConnectionBytes = 20 * mib;
/** Two for requests, and the five of each process that are not of its pool. */
const embeddedConnectionsMin = 7;

export function memoryShares({ limitBytes: given, hasEmbeddedDatabase, workerCount }: MemoryToShare): MemoryShares {
  const limitBytes = Math.max(given, memoryLimitBytesMin);
  const share = (part: number) => Math.floor(limitBytes * part);
  const databaseBytes = hasEmbeddedDatabase ? share(embeddedShare) : 0;
  const workers = workerShares(share(workersShare) + (hasEmbeddedDatabase ? 0 : share(embeddedShare / 2)), workerCount);
  return {
    limitBytes,
    cacheBytes: share(cacheShare),
    modelBytes: share(modelShare),
    queueBytes: share(queueShare),
    bodyBytes: share(bodyShare),
    bodyBytesMax: Math.floor((workers.shortBytes - idleWorkerBytes) / bytesPerBodyByte),
    modelFileBytesMax: Math.floor((workers.shortBytes - idleWorkerBytes) / bytesPerModelByte),
    answerBytes: share(answerShare),
    workers,
    embeddedConnections: Math.max(
      embeddedConnectionsMin,
      Math.floor((databaseBytes - embeddedBaseBytes) / embeddedConnectionBytes),
    ),
  };
}

/** Gives at least one worker to rows of requests, one to files and one to long work, and more where memory allows. */
function workerShares(bytes: number, workerCount: number): WorkerShares {
  let fileCount = workerCount >= workersOfTwoReaders ? 2 : 1;
  let longCount = Math.max(1, workerCount - 1);
  const unitBytes = () => bytes / (weights.short + fileCount * weights.file + longCount * weights.long);
  while (longCount > 1 && unitBytes() * weights.short < shortBytesMin) longCount--;
  while (fileCount > 1 && unitBytes() * weights.short < shortBytesMin) fileCount--;
  const unit = unitBytes();
  return {
    shortCount: 1,
    shortBytes: Math.floor(unit * weights.short),
    fileCount,
    fileBytes: Math.floor(unit * weights.file),
    longCount,
    longBytes: Math.floor(unit * weights.long),
  };
}

/** How a worker divides its own memory. */
export interface WorkerMemory {
  /** JavaScript heap, MiB. */
  readonly heapMib: number;
  /** DuckDB's own buffers, MiB. */
  readonly databaseMib: number;
  /** Values that a fit may hold; of a larger file, the worker fits a sample. */
  readonly fitBytes: number;
  /** Models that the worker keeps restored. */
  readonly modelBytes: number;
}

const heapMibMin = 32;
const heapMibMax = 4096;
const databaseMibMin = 24;
const databaseMibMax = 1024;
const fitBytesMax = 128 * mib;

/** The parts add up to more than `limitBytes`, since they are never all at their largest; a worker that exceeds the limit is ended. */
export function workerMemory(limitBytes: number): WorkerMemory {
  const free = Math.max(0, limitBytes - idleWorkerBytes);
  const part = (share: number, min: number, max: number) => Math.floor(Math.min(max, Math.max(min, (free * share) / mib)));
  return {
    heapMib: part(0.7, heapMibMin, heapMibMax),
    databaseMib: part(0.4, databaseMibMin, databaseMibMax),
    fitBytes: Math.min(fitBytesMax, Math.floor(free / 5)),
    modelBytes: Math.floor(free / 5),
  };
}
