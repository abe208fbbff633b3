/** Attacks that could take a server down, each of a few requests that are cheap to send and costly to receive. */

import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { Dictionary, Int32, makeVector, Table, tableFromArrays, tableToIPC, Utf8, vectorFromArray } from "apache-arrow";

/** The attacked server, with a detector of the columns `x` and `y`. */
export interface Target {
  readonly url: string;
  readonly detectorId: string;
}

export interface Attack {
  readonly name: string;
  /** Makes the data to send. */
  readonly prepare?: (target: Target) => unknown;
  /** Sends the requests. @returns the statuses of their answers; 0 where the server closed the connection. */
  readonly run: (target: Target) => Promise<readonly number[]>;
}

const mib = 1024 ** 2;
const timeoutMs = 120_000;

/** Makes data once, before the first request, so that making it does not count as time of the server. */
function once<Value>(make: () => Value): () => Value {
  let made: { readonly value: Value } | undefined;
  return () => (made ??= { value: make() }).value;
}

const longTexts = once(() => gzipSync(`x,text\n${`1,${"y".repeat(100_000)}\n`.repeat(1000)}`));

export interface AttackFile {
  readonly name: string;
  /** The ending gives the format. */
  readonly fileName: string;
  readonly content: () => Uint8Array;
}

/** Files that tests upload to a server and give to the command. */
export const attackFiles: readonly AttackFile[] = [
  upload("a JSON file of 30,000 opening brackets", "deep.json", () => Buffer.from("[".repeat(30_000))),
  upload("a JSON file of 10,000 brackets, packed to 71 bytes", "deep.json.gz", () =>
    gzipSync("[".repeat(10_000) + "]".repeat(10_000)),
  ),
  upload("a JSON file of objects in objects", "objects.json", () =>
    Buffer.from('{"a":'.repeat(20_000) + "1" + "}".repeat(20_000)),
  ),
  upload("an Arrow file of 2,000 rows that are one text of 1 MB", "texts.arrow", () => repeatedText(2000, mib)),
  upload("an Arrow file whose batch claims a thousand million rows", "rows.arrow", () => damagedRowCount()),
  upload("a gzip file within a gzip file", "twice.csv.gz", () => gzipSync(gzipSync(Buffer.alloc(64 * mib)))),
  upload("a gzip file that unpacks to more than an upload may have", "bomb.csv.gz", () => bomb()),
  upload("a CSV file of one line with 1,000,000 columns", "wide.csv", () => Buffer.from(`${"a,".repeat(999_999)}a\n`)),
  upload("a CSV file with a quote that never ends", "quote.csv", () => Buffer.from(`a,b\n1,"${"x".repeat(24 * mib)}`)),
  upload("a Parquet file that claims a footer of 2 GB", "cut.parquet", () =>
    Buffer.from(`PAR1${"\0".repeat(4000)}\xff\xff\xff\x7fPAR1`, "latin1"),
  ),
];

export const attacks: readonly Attack[] = [
  ...attackFiles.map(asUpload),
  body("a body of 62 MiB of empty arrays", "/api/detection/predict", () => arraysBody(62 * mib)),
  body("a body of 8 MiB of empty arrays, to be scored", "/api/detection/predict", () => arraysBody(8 * mib)),
  body("a body of 8 MiB of empty arrays, to be explained", "/api/detection/explain", () => arraysBody(8 * mib)),
  body("a body of 8 MiB of empty objects, to be stored", "/api/datasets", () =>
    Buffer.from(`{"name":"x","data":[${"{},".repeat(2_700_000)}{}]}`),
  ),
  body("a body of 8 MiB of brackets, to be scored by many", "/api/detection/batch", () => Buffer.from("[".repeat(8 * mib))),
  body("a body of 4 MiB of short texts, to be explained", "/api/detection/explain", ({ detectorId }) =>
    Buffer.from(`{"detector_id":"${detectorId}","columns":["x","y"],"data":[${'["",""],'.repeat(500_000)}["",""]]}`),
  ),
  body("a body of one object of 500,000 names", "/api/detection/predict", ({ detectorId }) => {
    const members = Array.from({ length: 500_000 }, (_, index) => `"c${index}":1`).join();
    return Buffer.from(`{"detector_id":"${detectorId}","data":[{${members}}]}`);
  }),
  {
    name: "a body in Arrow of 2,000 rows that are one text of 1 MB",
    run: async ({ url, detectorId }) => [
      await sendArrow(url, `/api/detection/predict?detector_id=${detectorId}`, repeatedText(2000, mib)),
    ],
  },
  { name: "rows of texts of 100,000 letters, read as JSON", prepare: longTexts, run: longRows },
  { name: "sixty answers of 4 MiB that nobody reads", run: unreadAnswers },
  { name: "bodies of 8 MiB that are sent slowly, forty at once", run: slowBodies },
];

function upload(name: string, fileName: string, make: () => Uint8Array): AttackFile {
  return { name, fileName, content: once(make) };
}

function asUpload({ name, fileName, content }: AttackFile): Attack {
  return { name, prepare: content, run: async ({ url }) => [await uploadFile(url, fileName, content())] };
}

/** Uploads a file, and removes it again if it was stored. @returns the status; 0 where the server closed the connection. */
export async function uploadFile(url: string, fileName: string, content: Uint8Array): Promise<number> {
  const form = new FormData();
  form.append("file", new Blob([content as Uint8Array<ArrayBuffer>]), fileName);
  const options = { method: "POST", body: form, signal: AbortSignal.timeout(timeoutMs) };
  const answer = await answerOf(fetch(`${url}/api/datasets`, options));
  if (answer.status !== 201) return answer.status;
  const { id } = JSON.parse(answer.text) as { id: string };
  await fetch(`${url}/api/datasets/${id}`, { method: "DELETE" });
  return answer.status;
}

function body(name: string, path: string, make: (target: Target) => Uint8Array): Attack {
  let made: Uint8Array | undefined;
  const content = (target: Target) => (made ??= make(target));
  const headers = { "content-type": "application/json" };
  return {
    name,
    prepare: content,
    run: async (target) => {
      const sent = content(target) as Uint8Array<ArrayBuffer>;
      const options = { method: "POST", headers, body: sent, signal: AbortSignal.timeout(timeoutMs) };
      return [(await answerOf(fetch(target.url + path, options))).status];
    },
  };
}

export async function sendArrow(url: string, path: string, content: Uint8Array): Promise<number> {
  const headers = { "content-type": "application/vnd.apache.arrow.stream" };
  const sent = content as Uint8Array<ArrayBuffer>;
  return (await answerOf(fetch(url + path, { method: "POST", headers, body: sent, signal: AbortSignal.timeout(timeoutMs) })))
    .status;
}

/** Reads the whole answer. @returns its status; 0 where the server closed the connection before it had the body. */
async function answerOf(asked: Promise<Response>): Promise<{ readonly status: number; readonly text: string }> {
  try {
    const response = await asked;
    return { status: response.status, text: await response.text() };
  } catch (error) {
    if ((error as Error).name === "TimeoutError") throw error;
    return { status: 0, text: "" };
  }
}

function arraysBody(sizeBytes: number): Buffer {
  return Buffer.from(`{"detector_id":"01a22e9b-d410-73fa-aa4b-a9665cfbd979","data":[${"[],".repeat((sizeBytes - 200) / 3)}[]]}`);
}

function repeatedText(rowCount: number, length: number): Uint8Array {
  const dictionary = vectorFromArray(["x".repeat(length)], new Utf8());
  const type = new Dictionary(new Utf8(), new Int32(), 1);
  const vector = makeVector({ type, length: rowCount, data: new Int32Array(rowCount), dictionary });
  return tableToIPC(new Table({ x: vector }), "stream");
}

/** Enlarges the row count of the record batch, a field of 8 bytes. */
function damagedRowCount(): Uint8Array {
  const rowCount = 12_345;
  const bytes = Buffer.from(tableToIPC(tableFromArrays({ x: new Float64Array(rowCount) }), "stream"));
  const claimed = Buffer.alloc(8);
  claimed.writeBigInt64LE(BigInt(rowCount));
  for (let at = bytes.indexOf(claimed); at >= 0; at = bytes.indexOf(claimed, at + 8)) bytes.writeBigInt64LE(1_000_000_000n, at);
  return bytes;
}

/** Joins compressed members of zeros, as gzip allows. */
function bomb(): Buffer {
  const piece = gzipSync(Buffer.alloc(64 * mib));
  return Buffer.concat(Array.from({ length: 40 }, () => piece));
}

async function longRows({ url }: Target): Promise<readonly number[]> {
  const form = new FormData();
  form.append("file", new Blob([longTexts()]), "long.csv.gz");
  const stored = await fetch(`${url}/api/datasets`, { method: "POST", body: form, signal: AbortSignal.timeout(timeoutMs) });
  const { id } = (await stored.json()) as { id?: string };
  const read = await fetch(`${url}/api/datasets/${id ?? ""}/rows?limit=1000`, { signal: AbortSignal.timeout(timeoutMs) });
  const { length } = await read.text();
  if (length > 16 * mib) throw new Error(`${length} letters came in one answer`);
  if (id !== undefined) await fetch(`${url}/api/datasets/${id}`, { method: "DELETE" });
  return [stored.status, read.status];
}

const unreadCount = 60;

/** Opens connections that send a request and read nothing, until the server closes them or a time limit is over. */
async function unreadAnswers({ url }: Target): Promise<readonly number[]> {
  const form = new FormData();
  const line = `${Array.from({ length: 20 }, (_, column) => `text ${"z".repeat(190)} ${column}`).join()}\n`;
  form.append(
    "file",
    new Blob([`${Array.from({ length: 20 }, (_, column) => `c${column}`).join()}\n${line.repeat(2000)}`]),
    "rows.csv",
  );
  const stored = await fetch(`${url}/api/datasets`, { method: "POST", body: form, signal: AbortSignal.timeout(timeoutMs) });
  const { id } = (await stored.json()) as { id: string };
  const { hostname, port, host } = new URL(url);
  const sockets = Array.from({ length: unreadCount }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", () => {});
    socket.write(`GET /api/datasets/${id}/rows?limit=2000 HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
    socket.pause();
    return socket;
  });
  await sleep(15_000);
  for (const socket of sockets) socket.destroy();
  await fetch(`${url}/api/datasets/${id}`, { method: "DELETE" });
  return [stored.status];
}

async function slowBodies({ url }: Target): Promise<readonly number[]> {
  const { hostname, port, host } = new URL(url);
  const piece = Buffer.alloc(256 * 1024, "1,");
  const sockets = Array.from({ length: 40 }, () => {
    const socket = connect({ host: hostname, port: Number(port) });
    socket.on("error", () => {});
    socket.write(
      `POST /api/detection/explain HTTP/1.1\r\nHost: ${host}\r\nContent-Type: application/json\r\nContent-Length: ${8 * mib}\r\n\r\n[`,
    );
    return socket;
  });
  for (let turn = 0; turn < 30; turn++) {
    for (const socket of sockets) if (!socket.destroyed) socket.write(piece);
    await sleep(100);
  }
  for (const socket of sockets) socket.destroy();
  return [];
}
