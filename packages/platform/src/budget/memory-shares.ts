/**
 * What of `memory_limit_bytes` goes to whom. Every bound on memory is a share of it or a smaller number that the operator sets: so the
 * process, its workers and an embedded database stay within it together, whatever comes in.
 */

const mib = 1024 ** 2;

/** A limit below this is kept to as far as that goes: the programs themselves take most of it. */
export const memoryLimitBytesMin = 768 * mib;

export interface MemoryToShare {
  readonly limitBytes: number;
  /** Its server processes are children of this one. */
  readonly hasEmbeddedDatabase: boolean;
  /** Workers for fitting and scoring that the processors would keep busy. */
  readonly workerCount: number;
}

export interface WorkerShares {
  /** For rows of requests. */
  readonly shortCount: number;
  readonly shortBytes: number;
  /** For reading, describing and converting files while somebody waits. */
  readonly fileCount: number;
  readonly fileBytes: number;
  /** For training, and scoring of whole files. */
  readonly longCount: number;
  readonly longBytes: number;
}

export interface MemoryShares {
  readonly limitBytes: number;
  /** Level 1 of the cache. */
  readonly cacheBytes: number;
  /** Models held by the process that serves. */
  readonly modelBytes: number;
  /** Rows that wait for a worker. */
  readonly queueBytes: number;
  /** Bodies of requests in memory, together; larger ones lie on disk. */
  readonly bodyBytes: number;
  /** One body, wherever it lies: a worker has to read it in one piece. */
  readonly bodyBytesMax: number;
  /** Answers that their clients have not read yet, together. */
  readonly answerBytes: number;
  readonly workers: WorkerShares;
  /** Connections to the embedded database; each is a process of its server. */
  readonly embeddedConnections: number;
}

/** Shares of the whole. What is left is the program that serves itself. */
const embeddedShare = 0.17;
const workersShare = 0.5;
const cacheShare = 1 / 24;
const modelShare = 1 / 24;
const queueShare = 1 / 32;
const bodyShare = 1 / 32;
const answerShare = 1 / 32;

/** Memory of one worker beside another. */
const weights = { short: 1.25, file: 2, long: 2 } as const;
/** A worker that has loaded what it works with and has done nothing. */
export const idleWorkerBytes = 72 * mib;
/** A worker with less is of no use. */
const shortBytesMin = 104 * mib;
/** Reading a body takes its bytes, the text of it, the values and the table, by and large. */
const bytesPerBodyByte = 6;
/** Further readers of files help only where there are processors for them. */
const workersOfTwoReaders = 4;

/** The embedded database without a connection, and one connection: resident memory, as measured. */
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
    answerBytes: share(answerShare),
    workers,
    embeddedConnections: Math.max(
      embeddedConnectionsMin,
      Math.floor((databaseBytes - embeddedBaseBytes) / embeddedConnectionBytes),
    ),
  };
}

/** One worker is always there for rows of requests, one for files, one for long work; there are more where there is memory for them. */
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
  /** Heap of the engine, MiB. */
  readonly heapMib: number;
  /** DuckDB's own buffers, MiB. */
  readonly databaseMib: number;
  /** Numbers that a fit may hold; larger files are sampled. */
  readonly fitBytes: number;
  /** Models that it keeps restored. */
  readonly modelBytes: number;
}

const heapMibMin = 32;
const heapMibMax = 4096;
const databaseMibMin = 24;
const databaseMibMax = 1024;
const fitBytesMax = 128 * mib;

/** Not all of them are at their largest at once; what is more than `limitBytes` together ends the worker. */
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
