import { expect, it } from "vitest";
import { type Answer, createAnswerReader } from "./answer-reader.ts";

const keepAll = () => 1000;

function readIn(pieceLength: number, text: string): Answer | undefined {
  const reader = createAnswerReader(keepAll);
  const bytes = Buffer.from(text, "latin1");
  for (let at = 0; at < bytes.length; at += pieceLength) {
    const answer = reader.read(bytes.subarray(at, at + pieceLength));
    if (answer !== undefined) return at + pieceLength >= bytes.length ? answer : undefined;
  }
  return reader.end();
}

const wellFormed: readonly (readonly [claim: string, text: string, answer: Partial<Answer>])[] = [
  ["by its length", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", { status: 200, body: "hello", isReusable: true }],
  ["with an empty body", "HTTP/1.1 200 OK\r\ncontent-length:0\r\n\r\n", { status: 200, body: "", isReusable: true }],
  [
    "in chunks, with an extension and a trailer",
    "HTTP/1.1 201 Created\r\nTransfer-Encoding: chunked\r\n\r\n5;a=b\r\nhello\r\n1\r\n!\r\n0\r\nx: y\r\n\r\n",
    { status: 201, body: "hello!", isReusable: true },
  ],
  ["by the end of the connection", "HTTP/1.1 200 OK\r\n\r\nhello", { status: 200, body: "hello", isReusable: false }],
  ["without a body by its status", "HTTP/1.1 204 No Content\r\n\r\n", { status: 204, body: "", isReusable: true }],
  ["behind an interim answer", "HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\nHTTP/1.1 304 Not Modified\r\n\r\n", { status: 304 }],
  [
    "with the connection closed",
    "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\nx",
    { status: 200, isReusable: false },
  ],
  ["of HTTP/1.0", "HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\nx", { status: 200, isReusable: false }],
  [
    "of HTTP/1.0 that stays open",
    "HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\nx",
    { status: 200, isReusable: true },
  ],
  ["that says when to come again", "HTTP/1.1 429 X\r\nretry-after: 7\r\ncontent-length: 0\r\n\r\n", { retryAfterSeconds: 7 }],
  [
    "whose length is said twice alike",
    "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 2\r\n\r\nhi",
    { status: 200, body: "hi" },
  ],
];

it.each(wellFormed)("an answer %s is read, however its bytes come", (_claim, text, answer) => {
  for (const pieceLength of [1, 2, 3, 7, 1000]) expect(readIn(pieceLength, text)).toMatchObject(answer);
});

it("several answers come one after another on a connection", () => {
  const reader = createAnswerReader(keepAll);
  const bytes = (status: number) => Buffer.from(`HTTP/1.1 ${status} X\r\ncontent-length: 1\r\n\r\nx`);
  expect([200, 503, 200].map((status) => reader.read(bytes(status))?.status)).toEqual([200, 503, 200]);
});

it.each([
  ["no status line", "hello\r\n\r\n"],
  ["another protocol", "HTTP/2 200\r\n\r\n"],
  ["a length that is no number", "HTTP/1.1 200 OK\r\ncontent-length: -1\r\n\r\n"],
  ["two lengths", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"],
  ["a length beside chunks", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\ntransfer-encoding: chunked\r\n\r\n"],
  ["another coding", "HTTP/1.1 200 OK\r\ntransfer-encoding: gzip\r\n\r\n"],
  ["a chunk without a size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nxyz\r\n"],
  ["a chunk longer than its size", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\nxyz\r\n"],
  ["bytes behind the answer", "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nxy"],
  ["a change of protocol", "HTTP/1.1 101 Switching Protocols\r\n\r\n"],
  ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"y".repeat(70_000)}`],
  ["a size without an end", `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;${"y".repeat(5000)}`],
])("%s is refused", (_claim, text) => {
  expect(() => createAnswerReader(keepAll).read(Buffer.from(text))).toThrow(expect.objectContaining({ name: "MalformedAnswer" }));
});

it("of a body no more is kept than asked for", () => {
  const reader = createAnswerReader((status) => (status === 200 ? 3 : 0));
  const answer = (status: number) => Buffer.from(`HTTP/1.1 ${status} X\r\ncontent-length: 6\r\n\r\nabcdef`);
  expect([reader.read(answer(200))?.body, reader.read(answer(201))?.body]).toEqual(["abc", ""]);
});

it("an answer that is cut is none", () => {
  const reader = createAnswerReader(keepAll);
  expect(reader.read(Buffer.from("HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc"))).toBeUndefined();
  expect(reader.end()).toBeUndefined();
});
