/** Receives the invalidations of other processes over a connection of its own, which reconnects and reports gaps. */

import type { Invalidation, Listener } from "../level2.ts";
import { redisClient, withinMs } from "./redis-connection.ts";

export interface SubscriberOptions {
  readonly url: string;
  /** Messages of this sender are ignored. */
  readonly senderId: string;
  readonly healthCheckMs: number;
  readonly listener: Listener;
}

export const changeChannel = "nomaly:invalidated";

export interface Subscriber {
  isSubscribed(): boolean;
  close(): void;
}

/** The message that a process publishes to the others. */
export interface ChangeMessage extends Invalidation {
  readonly sender: string;
}

const pingTimeoutMs = 1000;
const retryMsMin = 50;
const retryMsMax = 5000;
/** Our messages are shorter than this. */
const messageLengthMax = 4_000_000;

export function openSubscriber({ url, senderId, healthCheckMs, listener }: SubscriberOptions): Subscriber {
  let isSubscribed = false;
  const client = redisClient(url, {
    retryStrategy: (attempt) => Math.min(retryMsMin * 2 ** Math.min(attempt, 10), retryMsMax),
  });
  // Without a listener a socket error would end the process; "close" follows it.
  client.on("error", () => {});
  client.on("close", () => (isSubscribed = false));
  client.on("ready", () => void subscribe());
  client.on("message", (_channel: string, text: string) => {
    const change = parseMessage(text);
    // An unreadable message may have been a change.
    if (change === undefined) listener.onGap();
    else if (change.sender !== senderId) listener.onInvalidated(change);
  });

  async function subscribe(): Promise<void> {
    try {
      await withinMs(client.subscribe(changeChannel), pingTimeoutMs);
      isSubscribed = true;
      // Also the first time: entries cached before may have been invalidated before this process listened.
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
      // The connection is dead, so messages may have been missed: reconnecting calls `onGap`.
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
    // Not JSON: the caller treats it as a missed message.
    return undefined;
  }
}
