/** Counters in Redis that all processes share. Each ends by Redis's clock. */

import { openRedisConnection, type RedisConnection, withinMs } from "./redis-connection.ts";

export interface RedisCounts {
  /** Adds to the count under a key. A new count ends after `lifeMs`. */
  add(key: string, count: number, lifeMs: number): Promise<{ readonly count: number; readonly endsInMs: number }>;
  close(): void;
}

/** Opens one connection when it is needed, and another after a failure. */
export function createRedisCounts({ url, callTimeoutMs }: { readonly url: string; readonly callTimeoutMs: number }): RedisCounts {
  let opening: Promise<RedisConnection> | undefined;

  function drop(): void {
    // A connection that could not be opened is closed already.
    void opening?.then(({ client }) => client.disconnect()).catch(() => undefined);
    opening = undefined;
  }

  async function add(key: string, count: number, lifeMs: number) {
    opening ??= openRedisConnection(url, () => {});
    const { client } = await opening;
    const name = `requests:${key}`;
    const answers = await client.multi().set(name, 0, "PX", lifeMs, "NX").incrby(name, count).pttl(name).exec();
    const [, [, total], [, endsInMs]] = answers as [unknown, [unknown, number], [unknown, number]];
    return { count: total, endsInMs };
  }

  return {
    add: (key, count, lifeMs) =>
      withinMs(add(key, count, lifeMs), callTimeoutMs).catch((error: unknown) => {
        drop();
        throw error;
      }),
    close: drop,
  };
}
