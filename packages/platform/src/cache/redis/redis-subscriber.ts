/** Hears what other processes invalidate. A connection of its own, which comes back by itself and says when it was away. */

import type { Invalidation, Listener } from "../level2.ts";
import { redisClient, withinMs } from "./redis-connection.ts";

export interface SubscriberOptions {
  readonly url: string;
  /** Messages of one's own are not told. */
  readonly senderId: string;
  readonly healthCheckMs: number;
  readonly listener: Listener;
}

export const changeChannel = "nomaly:invalidated";

export interface Subscriber {
  isSubscribed(): boolean;
  close(): void;
}

/** What a process tells the others. */
export interface ChangeMessage extends Invalidation {
  readonly sender: string;
}

const pingTimeoutMs = 1000;
const retryMsMin = 50;
const retryMsMax = 5000;
/** A longer message is none of ours. */
const messageLengthMax = 4_000_000;

export function openSubscriber({ url, senderId, healthCheckMs, listener }: SubscriberOptions): Subscriber {
  let isSubscribed = false;
  const client = redisClient(url, {
    retryStrategy: (attempt) => Math.min(retryMsMin * 2 ** Math.min(attempt, 10), retryMsMax),
  });
  // Without a listener an error of the socket would end the process; "close" says all that matters.
  client.on("error", () => {});
  client.on("close", () => (isSubscribed = false));
  client.on("ready", () => void subscribe());
  client.on("message", (_channel: string, text: string) => {
    const change = parseMessage(text);
    // What cannot be read may have been a change.
    if (change === undefined) listener.onGap();
    else if (change.sender !== senderId) listener.onInvalidated(change);
  });

  async function subscribe(): Promise<void> {
    try {
      await withinMs(client.subscribe(changeChannel), pingTimeoutMs);
      isSubscribed = true;
      // Also the first time: what was cached before may have been invalidated before anyone listened.
      listener.onGap();
    } catch {
      client.disconnect(true);
    }
  }

  async function checkHealth(): Promise<void> {
    if (!isSubscribed) return;
    try {
      await withinMs(client.ping(), pingTimeoutMs);
    } catch {
      // A connection that is dead without knowing it: messages may have been missed. Connecting again tells so.
      isSubscribed = false;
      client.disconnect(true);
    }
  }

  const timer = setInterval(() => void checkHealth(), healthCheckMs);
  timer.unref();
  return {
    isSubscribed: () => isSubscribed,
    close() {
      clearInterval(timer);
      client.disconnect();
    },
  };
}

function parseMessage(text: string): ChangeMessage | undefined {
  if (text.length > messageLengthMax) return undefined;
  try {
    const { sender, changeId, tags } = JSON.parse(text) as Partial<Record<keyof ChangeMessage, unknown>>;
    const isList = Array.isArray(tags) && tags.every((tag) => typeof tag === "string");
    return typeof sender === "string" && typeof changeId === "string" && isList ? { sender, changeId, tags } : undefined;
  } catch {
    // Not JSON: the caller takes it as a message missed.
    return undefined;
  }
}
