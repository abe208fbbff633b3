/** Server-sent events of a job, over as many connections as it takes. */

import { ServiceError } from "./service-error.ts";
import type { Job } from "./stored-types.ts";
import { asServiceError, isPassing, pause, pauseBefore, type Transport } from "./transport.ts";

/** A connection on which nothing was heard for so long may be dead without saying so: a new one starts with how the job is now. */
const silenceMsMax = 30_000;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  readonly silenceMs?: number | undefined;
}

/** The job now and at each change, until it has ended. @throws ServiceError when so many connections in a row tell nothing. */
export async function* jobEvents(
  { open, retries }: Transport,
  id: string,
  { signal, silenceMs = silenceMsMax }: FollowOptions = {},
): AsyncGenerator<Job, void> {
  let shown: string | undefined;
  let failureCount = 0;
  for (;;) {
    signal?.throwIfAborted();
    const silence = new Silence(silenceMs);
    const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    try {
      const response = await silence.within(() => open({ route: "GET /api/jobs/:id/events", id }, stop));
      for await (const { kind, text } of eventsOf(response, silence)) {
        failureCount = 0;
        if (text !== shown) yield JSON.parse(text) as Job;
        shown = text;
        if (kind === "end") return;
      }
      throw new ServiceError({ code: "UNREACHABLE", status: 0, detail: `the events of job ${id} ended before the job` });
    } catch (cause) {
      signal?.throwIfAborted();
      const error = asServiceError(cause);
      if (!isPassing(error) || failureCount >= retries) throw error;
      await pause(pauseBefore(failureCount, error.retryAfterSeconds), signal);
      failureCount++;
    }
  }
}

/** Ends a connection on which one wait takes too long. */
class Silence {
  readonly #milliseconds: number;
  readonly #controller = new AbortController();

  constructor(milliseconds: number) {
    this.#milliseconds = milliseconds;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }

  async within<Value>(work: () => Promise<Value>): Promise<Value> {
    const timer = setTimeout(() => this.#controller.abort(), this.#milliseconds);
    try {
      return await work();
    } finally {
      clearTimeout(timer);
    }
  }
}

interface ServerEvent {
  readonly kind: string;
  readonly text: string;
}

async function* eventsOf({ body }: Response, silence: Silence): AsyncGenerator<ServerEvent, void> {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await silence.within(() => reader.read());
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
