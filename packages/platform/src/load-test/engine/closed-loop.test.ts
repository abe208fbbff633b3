import { expect, it } from "vitest";
import { closedLoop } from "./closed-loop.ts";

it("a connection that is told to come after the end sends nothing more, though its timer comes early", async () => {
  const answer = { status: 429, retryAfterSeconds: 60, isReusable: true, body: "" };
  let sentCount = 0;
  const connection = {
    send: async () => {
      sentCount++;
      return { kind: "answer", answer } as const;
    },
    open: async () => undefined,
    check: () => undefined,
    close: () => undefined,
  };
  const start = performance.now();
  const waits = await closedLoop([connection], {
    phases: { start, full: start, measured: start, end: start + 200 },
    signal: new AbortController().signal,
    pause: async () => undefined,
    begin: () => ({ request: "", note: () => undefined }),
  });
  expect([sentCount, waits]).toEqual([1, 1]);
});
