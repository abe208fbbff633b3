/**
 * Level 2 in Redis.
 *
 *     {key}         codec and version, payload, stamp of 16 bytes      expires with the entry
 *     tag:{tag}     a random token; a new one after every change       expires long after every entry; tag:everything never
 *
 * A stamp is a digest of the tokens of an entry's tags. Invalidating sets new tokens, whatever the number of entries. A reader gets the
 * tokens first, then loads, and writes with their stamp: after a change during the load the entry is invalid at once. Tokens are
 * random, because a counter that Redis evicts would start again and make old entries valid.
 */

import { hash, randomUUID } from "node:crypto";
import type { ChainableCommander } from "ioredis";
import { everythingTag } from "../../ids/tags.ts";
import type { Level2, Level2Answer, Level2Write, Listener, Stamp } from "../level2.ts";
import { createPendingChanges } from "./pending-changes.ts";
import { createRedisCalls, type RedisCallOptions } from "./redis-calls.ts";
import { addChange, addToken, tagKeyOf } from "./redis-changes.ts";
import type { RedisConnection } from "./redis-connection.ts";
import { openSubscriber, type Subscriber } from "./redis-subscriber.ts";

export type RedisLevel2Options = Pick<RedisCallOptions, "url"> & Partial<RedisCallOptions>;

export const redisDefaults = {
  connectionsMax: 20,
  callTimeoutMs: 50,
  healthCheckMs: 30_000,
  breaker: { failureCountMax: 5, windowMs: 10_000, openMs: 5_000 },
} as const;

const stampBytes = 16;
/** The largest entry. Of a larger one only this much is read, and then it is refused. */
const entryBytesMax = 16 * 1024 * 1024;
const pendingTagCountMax = 5000;

export function createRedisLevel2(options: RedisLevel2Options): Level2 {
  const { url, clock = performance, ...limits } = options;
  const { healthCheckMs = redisDefaults.healthCheckMs } = limits;
  const calls = createRedisCalls({ ...redisDefaults, ...limits, url, clock });
  const pending = createPendingChanges(pendingTagCountMax);
  const senderId = randomUUID();
  let subscriber: Subscriber | undefined;

  /** Sends all pending changes and then the commands, in one round trip, so that the commands see those changes. */
  async function send(
    connection: RedisConnection,
    add: (pipeline: ChainableCommander) => ChainableCommander,
  ): Promise<unknown[]> {
    const pipeline = connection.client.pipeline();
    const sent = pending.all();
    for (const change of sent.changes) addChange(pipeline, change, senderId);
    const replies = await add(pipeline).exec();
    const answers = answersOf(replies);
    sent.arrived();
    return answers.slice(sent.changes.length);
  }

  async function read(key: string, tags: readonly string[]): Promise<Level2Answer | undefined> {
    const names = [...tags, everythingTag];
    const called = await calls.call(async (connection) => {
      // The remaining time is read before the value: an entry that is written in between lives longer than this, never shorter.
      const [remainingMs, stored, tokens] = await send(connection, (pipeline) =>
        pipeline.pttl(key).getrangeBuffer(key, 0, entryBytesMax).mget(names.map(tagKeyOf)),
      );
      const known = tokens as (string | null)[];
      const stamp = stampOf(connection.runId, names, known.includes(null) ? await makeTokens(connection, names) : known);
      return { stamp, encoded: validEntry(stored as Buffer, stamp), ttlMs: Math.max(0, remainingMs as number) };
    });
    return called?.answer;
  }

  /** Sets a token for every tag that has none, and returns the tokens of all. */
  async function makeTokens(connection: RedisConnection, tags: readonly string[]): Promise<(string | null)[]> {
    const replies = await send(connection, (pipeline) => {
      for (const tag of tags) addToken(pipeline, tag);
      return pipeline.mget(tags.map(tagKeyOf));
    });
    const tokens = replies.at(-1) as (string | null)[];
    // A server short of memory has evicted the tokens at once. Without them no stamp can be made.
    if (tokens.includes(null)) throw new Error("Redis does not keep the tokens of tags");
    return tokens;
  }

  async function write({ key, tags, encoded, ttlMs, stamp }: Level2Write): Promise<boolean> {
    if (encoded.byteLength + stampBytes > entryBytesMax || ttlMs < 1) return false;
    const names = [...tags, everythingTag];
    const called = await calls.call(async (connection) => {
      const valid = stamp ?? stampOf(connection.runId, names, await makeTokens(connection, names));
      await send(connection, (pipeline) => pipeline.set(key, Buffer.concat([encoded, valid]), "PX", Math.floor(ttlMs)));
      return true;
    });
    return called !== undefined;
  }

  async function ping(): Promise<boolean> {
    const called = await calls.call((connection) => send(connection, (pipeline) => pipeline.ping()));
    return called !== undefined;
  }

  return {
    read,
    write,
    ping,
    invalidate(changes) {
      // Before the first await, so that every later read of this process sends the changes first.
      pending.add(changes);
      return ping();
    },
    listen(listener: Listener) {
      subscriber = openSubscriber({ url, senderId, healthCheckMs, listener });
    },
    stats: () => ({
      ...calls.stats(),
      pendingInvalidations: pending.tagCount(),
      isSubscribed: subscriber?.isSubscribed() ?? false,
    }),
    async close() {
      subscriber?.close();
      await calls.close();
    },
  };
}

/** @throws the first error among the replies. */
function answersOf(replies: readonly (readonly [Error | null, unknown])[] | null): unknown[] {
  return (replies ?? []).map(([error, answer]) => {
    if (error !== null) throw error;
    return answer;
  });
}

function stampOf(runId: string, tags: readonly string[], tokens: readonly (string | null)[]): Stamp {
  return hash("sha256", JSON.stringify([runId, tags, tokens]), "buffer").subarray(0, stampBytes);
}

/** The entry without its stamp, if the stamp is the present one. */
function validEntry(stored: Buffer, stamp: Stamp): Uint8Array | undefined {
  if (stored.byteLength <= stampBytes || stored.byteLength > entryBytesMax) return undefined;
  const end = stored.byteLength - stampBytes;
  return stored.subarray(end).equals(stamp) ? stored.subarray(0, end) : undefined;
}
