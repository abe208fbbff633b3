/** Server-sent events of a job, over as many connections as it takes. */

import type { Job } from "./stored-types.ts";
import { asServiceError, isPassing, pause, pauseBefore, type Transport } from "./transport.ts";

/** A connection on which nothing was heard for so long may be dead without saying so: a new one starts with how the job is now. */
const silenceMsMax = 30_000;

/** The job now and at each change, until it has ended. */
export async function* jobEvents(transport: Transport, id: string, signal?: AbortSignal): AsyncGenerator<Job, void> {
  let shown: string | undefined;
  let failureCount = 0;
  for (;;) {
    signal?.throwIfAborted();
    const silence = new AbortController();
    try {
      const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
      const response = await within(silence, () => transport.open({ route: "GET /api/jobs/:id/events", id }, stop));
      for await (const { kind, text } of eventsOf(response, silence)) {
        failureCount = 0;
        if (text !== shown) yield JSON.parse(text) as Job;
        shown = text;
        if (kind === "end") return;
      }
    } catch (cause) {
      signal?.throwIfAborted();
      const error = asServiceError(cause);
      if (!silence.signal.aborted && (!isPassing(error) || failureCount >= transport.retries)) throw error;
      await pause(pauseBefore(failureCount, error.retryAfterSeconds), signal);
      failureCount++;
      continue;
    }
    // The connection ended in order before the job did: the service is stopping, or a proxy has its limit.
    await pause(pauseBefore(0), signal);
  }
}

interface ServerEvent {
  readonly kind: string;
  readonly text: string;
}

async function* eventsOf({ body }: Response, silence: AbortController): AsyncGenerator<ServerEvent, void> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await within(silence, () => reader.read());
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const text = fieldOf(block, "data");
        if (text !== "") yield { kind: fieldOf(block, "event"), text };
      }
    }
  } finally {
    // Whoever stops listening leaves no connection behind; one that is broken already needs no closing.
    await reader.cancel().catch(() => undefined);
  }
}

function fieldOf(block: string, name: string): string {
  const lines = block.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).trim()).join("\n");
}

async function within<Value>(silence: AbortController, work: () => Promise<Value>): Promise<Value> {
  const timer = setTimeout(() => silence.abort(), silenceMsMax);
  try {
    return await work();
  } finally {
    clearTimeout(timer);
  }
}
