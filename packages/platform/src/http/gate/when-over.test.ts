import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { expect, it } from "vitest";
import { whenOver } from "./when-over.ts";

const connection = () => Object.assign(new EventEmitter(), { destroyed: false });
const answer = (socket = connection()) =>
  Object.assign(new EventEmitter(), { destroyed: false, req: { socket } }) as unknown as ServerResponse;

it("does all that is to be done, once, when the answer is over", () => {
  const done: string[] = [];
  const response = answer();
  whenOver(response, () => done.push("first"));
  whenOver(response, () => done.push("second"));
  expect(done).toEqual([]);
  response.emit("close");
  response.req.socket.emit("close");
  expect(done).toEqual(["first", "second"]);
});

it("does it for answers that wait behind others when their connection ends, with one listener for all of them", () => {
  const done: number[] = [];
  const socket = connection();
  const answers = Array.from({ length: 20 }, () => answer(socket));
  for (const [place, response] of answers.entries()) whenOver(response, () => done.push(place));
  expect(socket.listenerCount("close")).toBe(1);
  answers[0].emit("close");
  socket.emit("close");
  expect(done).toEqual(Array.from({ length: 20 }, (_, place) => place));
});

it("does it at once where it is over already", () => {
  const done: string[] = [];
  whenOver(Object.assign(answer(), { destroyed: true }), () => done.push("answer"));
  whenOver(answer(Object.assign(connection(), { destroyed: true })), () => done.push("connection"));
  expect(done).toEqual(["answer", "connection"]);
});
