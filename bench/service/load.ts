/** A load generator on bare sockets, which itself does as little work as possible; latency counts from the intended start. */

import { connect, type Socket } from "node:net";

export interface Latencies {
  readonly count: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export interface LoadOutcome {
  readonly seconds: number;
  /** Milliseconds, of replies below 300. */
  readonly accepted: Latencies;
  /** Milliseconds, of replies with status 503. */
  readonly refused: Latencies;
  /** Any other status, and connections that broke. */
  readonly failed: number;
  readonly perSecond: number;
}

export interface LoadOptions {
  readonly port: number;
  readonly path: string;
  /** Bodies sent in turn. */
  readonly bodies: readonly Buffer[];
  readonly seconds: number;
  /** Connections opened beforehand. In the closed loop each sends again when its last reply has come. */
  readonly connections: number;
  /** Open loop: requests a second, sent whether or not replies come. */
  readonly ratePerSecond?: number;
}

interface Reply {
  readonly status: number;
}

interface Connection {
  send(request: Buffer): Promise<Reply>;
  isOpen(): boolean;
  end(): void;
}

/** Sends requests until its seconds are over. */
export async function load(options: LoadOptions): Promise<LoadOutcome> {
  const { port, path, bodies, seconds, connections: connectionCount, ratePerSecond } = options;
  const requests = bodies.map((body) => requestOf(path, port, body));
  const accepted: number[] = [];
  const refused: number[] = [];
  let failed = 0;
  const note = (status: number, elapsedMs: number) => {
    if (status < 300) accepted.push(elapsedMs);
    else if (status === 503) refused.push(elapsedMs);
    else failed++;
  };
  // Connects before the clock starts: the runtime takes one new connection a turn of its event loop, which is not measured here.
  const connections: Connection[] = [];
  while (connections.length < connectionCount) connections.push(await open(port));
  const start = performance.now();
  const end = start + seconds * 1000;
  const run = { requests, note, start, end };
  let lost = 0;
  if (ratePerSecond === undefined) await closedLoop(connections, run);
  else lost = await openLoop(connections, { ...run, ratePerSecond });
  const elapsed = (performance.now() - start) / 1000;
  for (const connection of connections) connection.end();
  return {
    seconds: elapsed,
    accepted: latencies(accepted),
    refused: latencies(refused),
    failed: failed + lost,
    perSecond: accepted.length / elapsed,
  };
}

/** Milliseconds of each request, one after another on one connection. @throws when one is not answered well. */
export async function inTurn({ port, path, bodies }: Pick<LoadOptions, "port" | "path" | "bodies">): Promise<number[]> {
  const connection = await open(port);
  const elapsed: number[] = [];
  try {
    for (const body of bodies) {
      const request = requestOf(path, port, body);
      const start = performance.now();
      const { status } = await connection.send(request);
      elapsed.push(performance.now() - start);
      if (status >= 300) throw new Error(`${path} answered ${status}`);
    }
  } finally {
    connection.end();
  }
  return elapsed;
}

interface Run {
  readonly requests: readonly Buffer[];
  readonly note: (status: number, elapsedMs: number) => void;
  readonly start: number;
  readonly end: number;
}

async function closedLoop(connections: readonly Connection[], { requests, note, end }: Run): Promise<void> {
  let next = 0;
  const one = async (connection: Connection) => {
    while (performance.now() < end && connection.isOpen()) {
      const begin = performance.now();
      const { status } = await connection.send(requests[next++ % requests.length]);
      note(status, performance.now() - begin);
    }
  };
  await Promise.all(connections.map(one));
}

const tickMs = 2;

/**
 * A request that finds no free connection waits for one, and its wait counts. A broken connection is not used again.
 * @returns how many were never answered.
 */
async function openLoop(
  connections: readonly Connection[],
  { requests, note, start, end, ratePerSecond }: Run & { readonly ratePerSecond: number },
): Promise<number> {
  const free = [...connections];
  const waiting: number[] = [];
  let sent = 0;
  let underWay = 0;
  const arrive = async (first: number) => {
    underWay++;
    const connection = free.pop();
    if (connection === undefined) return void waiting.push(first);
    for (let intended: number | undefined = first; intended !== undefined; intended = waiting.shift()) {
      const { status } = await connection.send(requests[sent++ % requests.length]);
      note(status, performance.now() - intended);
      underWay--;
      if (!connection.isOpen()) return;
    }
    free.push(connection);
  };
  let arrivals = 0;
  while (performance.now() < end) {
    const due = Math.floor(((performance.now() - start) / 1000) * ratePerSecond) + 1;
    for (; arrivals < due; arrivals++) void arrive(start + (arrivals * 1000) / ratePerSecond);
    await new Promise((later) => setTimeout(later, tickMs));
  }
  const patience = performance.now() + 20_000;
  while (underWay > 0 && performance.now() < patience) await new Promise((later) => setTimeout(later, tickMs));
  return underWay;
}

function requestOf(path: string, port: number, body: Buffer): Buffer {
  const head = `POST ${path} HTTP/1.1\r\nhost: 127.0.0.1:${port}\r\ncontent-type: application/json\r\ncontent-length: ${body.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

const headEnd = Buffer.from("\r\n\r\n");

function open(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: "127.0.0.1", noDelay: true });
    let settle: ((reply: Reply) => void) | undefined;
    let received = Buffer.alloc(0);
    let missing = -1;
    let status = 0;
    socket.on("data", (bytes) => {
      received = received.length === 0 ? bytes : Buffer.concat([received, bytes]);
      if (missing < 0) {
        const at = received.indexOf(headEnd);
        if (at < 0) return;
        const head = received.toString("latin1", 0, at);
        status = Number(head.slice(9, 12));
        missing = at + headEnd.length + Number(/\r\ncontent-length: (\d+)/i.exec(head)?.[1] ?? 0);
      }
      if (received.length < missing) return;
      received = Buffer.alloc(0);
      missing = -1;
      settle?.({ status });
    });
    socket.once("connect", () =>
      resolve({
        send: (request) =>
          new Promise((done) => {
            settle = done;
            if (socket.destroyed) done({ status: 599 });
            else socket.write(request);
          }),
        isOpen: () => !socket.destroyed,
        end: () => socket.destroy(),
      }),
    );
    socket.once("error", reject);
    socket.once("close", () => settle?.({ status: 599 }));
  });
}

function latencies(values: number[]): Latencies {
  const sorted = Float64Array.from(values).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
