/** Follows server-sent events, and connects again when a connection is lost. */

import { ServiceError } from "./service-error.ts";
import { type Asked, asServiceError, isPassing, pause, pauseBefore, type Transport } from "./transport.ts";

/** After this time without an event the client connects again, since the connection may be dead; the first event gives the job as it is now. */
const silenceMsMax = 30_000;

export interface FollowOptions {
  readonly signal?: AbortSignal | undefined;
  readonly silenceMs?: number | undefined;
}

/**
 * Yields what the events carry, without what came last before, until an event `end`.
 * @param name of what is followed, for messages.
 * @throws ServiceError when more than `retries` connections in a row give no event.
 */
export async function* followed<Item>(
  { open, retries }: Transport,
  { name, ...asked }: Asked & { readonly name: string },
  { signal, silenceMs = silenceMsMax }: FollowOptions = {},
): AsyncGenerator<Item, void> {
  let shown: string | undefined;
  let failureCount = 0;
  for (;;) {
    signal?.throwIfAborted();
    const silence = limitSilence(silenceMs);
    const stop = signal === undefined ? silence.signal : AbortSignal.any([signal, silence.signal]);
    try {
      const response = await silence.within(() => open(asked, stop));
      for await (const { kind, text } of eventsOf(response, silence)) {
        failureCount = 0;
        if (text !== shown) yield JSON.parse(text) as Item;
        shown = text;
        if (kind === "end") return;
      }
      throw new ServiceError({ code: "UNREACHABLE", status: 0, detail: `the events of ${name} ended before their end` });
    } catch (cause) {
      signal?.throwIfAborted();
      const error = asServiceError(cause);
      if (!isPassing(error) || failureCount >= retries) throw error;
      await pause(pauseBefore(failureCount, error.retryAfterSeconds), signal);
      failureCount++;
    }
  }
}

/** Aborts a connection when one wait takes too long. */
function limitSilence(milliseconds: number) {
  const controller = new AbortController();
  async function within<Value>(work: () => Promise<Value>): Promise<Value> {
    const timer = setTimeout(() => controller.abort(), milliseconds);
    return work().finally(() => clearTimeout(timer));
  }
  return { signal: controller.signal, within };
}

async function* eventsOf({ body }: Response, { within }: Pick<ReturnType<typeof limitSilence>, "within">) {
  if (body === null) return;
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await within(() => reader.read());
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const text = fieldOf(block, "data");
        if (text !== "") yield { kind: fieldOf(block, "event"), text };
      }
    }
  } finally {
    // Closes the connection when the caller stops reading; a broken connection may fail to close.
    await reader.cancel().catch(() => undefined);
  }
}

function fieldOf(block: string, name: string): string {
  const lines = block.split("\n").filter((line) => line.startsWith(`${name}:`));
  return lines.map((line) => line.slice(name.length + 1).trim()).join("\n");
}
