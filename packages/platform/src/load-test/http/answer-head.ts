/** What the head of an answer says about its status and its end. */

/** The server sent what is no answer of HTTP/1.1, or one beyond a limit. */
export class MalformedAnswer extends Error {
  override readonly name = "MalformedAnswer";
}

export interface AnswerHead {
  readonly status: number;
  readonly retryAfterSeconds: number | undefined;
  readonly isReusable: boolean;
  /** How the body ends: after so many bytes, in chunks, or with the connection. */
  readonly framing: number | "chunked" | "until end";
}

const statusLine = /^HTTP\/1\.([01]) ([1-5]\d\d)(?: |$)/;

/** @param head without the empty line that ends it. @throws MalformedAnswer. */
export function splitHead(head: string): AnswerHead {
  const first = statusLine.exec(head);
  if (first === null) throw new MalformedAnswer("no status line of HTTP/1.1");
  const status = Number(first[2]);
  const lineEnd = head.indexOf("\r\n");
  const fields = lineEnd < 0 ? "" : head.slice(lineEnd + 2);
  const connection = fieldOf(fields, "connection")?.toLowerCase();
  const framing = framingOf(status, fields);
  const isKept = first[1] === "1" ? connection?.includes("close") !== true : connection?.includes("keep-alive") === true;
  return { status, retryAfterSeconds: retryAfterOf(fields), isReusable: isKept && framing !== "until end", framing };
}

function framingOf(status: number, fields: string): AnswerHead["framing"] {
  if (status < 200 || status === 204 || status === 304) return 0;
  const coding = fieldOf(fields, "transfer-encoding")?.toLowerCase();
  const lengths = fieldOf(fields, "content-length");
  if (coding !== undefined) {
    if (coding !== "chunked" || lengths !== undefined) throw new MalformedAnswer(`a body whose end is unclear`);
    return "chunked";
  }
  if (lengths === undefined) return "until end";
  const [length, ...others] = lengths.split(",").map((text) => text.trim());
  if (!/^\d{1,15}$/.test(length) || others.some((other) => other !== length)) {
    throw new MalformedAnswer("a content-length that is no number");
  }
  return Number(length);
}

/** Seconds, or a date. */
function retryAfterOf(fields: string): number | undefined {
  const text = fieldOf(fields, "retry-after");
  if (text === undefined) return undefined;
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - Date.now()) / 1000;
  return Number.isFinite(seconds) ? Math.max(0, seconds) : undefined;
}

const patterns = Object.fromEntries(
  ["connection", "content-length", "retry-after", "transfer-encoding"].map((name) => [
    name,
    new RegExp(`^${name}:[\\t ]*(.*?)[\\t ]*$`, "gim"),
  ]),
);

/** Values of repeated fields are joined with commas. */
function fieldOf(fields: string, name: string): string | undefined {
  const found = fields.match(patterns[name]);
  if (found === null) return undefined;
  return found.map((line) => line.slice(line.indexOf(":") + 1).trim()).join(",");
}
