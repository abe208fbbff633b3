/** Counts that all processes share, in Redis: each with an end by its clock. */

import { openRedisConnection, type RedisConnection, withinMs } from "./redis-connection.ts";

export interface RedisCounts {
  /** Adds to the count under a key; where there is none it begins, and ends after `lifeMs`. */
  add(key: string, count: number, lifeMs: number): Promise<{ readonly count: number; readonly endsInMs: number }>;
  close(): void;
}

/** Opens its one connection when it is needed, and another after a failure. */
export function createRedisCounts({ url, callTimeoutMs }: { readonly url: string; readonly callTimeoutMs: number }): RedisCounts {
  let opening: Promise<RedisConnection> | undefined;

  function drop(): void {
    // One that could not be opened is closed already.
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
