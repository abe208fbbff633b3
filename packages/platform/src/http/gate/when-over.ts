/** Runs actions when an answer has been sent or its client has left, with one listener for all of them. */

import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const waiting = new WeakMap<ServerResponse, (() => void)[]>();
/** For each connection, what ends its open answers. */
const openOf = new WeakMap<Socket, Set<() => void>>();

/** Runs the action at once when the answer is over already. */
export function whenOver(response: ServerResponse, act: () => void): void {
  const { socket } = response.req;
  if (response.destroyed || socket.destroyed) return act();
  const acts = waiting.get(response);
  if (acts !== undefined) return void acts.push(act);
  const first = [act];
  waiting.set(response, first);
  const open = openAnswers(socket);
  const over = () => {
    open.delete(over);
    for (const one of first.splice(0)) one();
  };
  open.add(over);
  response.once("close", over);
}

/** Ends all answers when their connection closes: some versions of Node do not close an answer that waits behind another. */
function openAnswers(socket: Socket): Set<() => void> {
  const known = openOf.get(socket);
  if (known !== undefined) return known;
  const open = new Set<() => void>();
  openOf.set(socket, open);
  socket.once("close", () => {
    for (const over of open) over();
  });
  return open;
}
