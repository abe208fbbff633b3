/** What is to be done when an answer is over, sent or given up: one listener for all of it. */

import type { ServerResponse } from "node:http";

const waiting = new WeakMap<ServerResponse, (() => void)[]>();

/** At once where it is over already. */
export function whenOver(response: ServerResponse, act: () => void): void {
  if (response.destroyed) return act();
  const acts = waiting.get(response);
  if (acts !== undefined) return void acts.push(act);
  const first = [act];
  waiting.set(response, first);
  response.once("close", () => {
    for (const one of first) one();
  });
}
