/** Counters in Redis that all processes share. Each ends by Redis's clock. */

import { openRedisConnection, type RedisConnection, withinMs } from "./redis-connection.ts";

export interface RedisCounts {
  /** Adds to the count under a key; see `SharedCounts` of the rate limit. */
  add(
    key: string,
    count: number,
    life: { readonly lifeMs: number; readonly windowMs: number },
  ): Promise<{ readonly count: number; readonly endsInMs: number }>;
  readonly atOnceMax: number;
  close(): void;
}

export interface RedisCountsOptions {
  readonly url: string;
  /** Of a call; opening the connection has the limit of every connection to Redis. */
  readonly callTimeoutMs: number;
  /** Of the database whose processes count together: others may use the same Redis. */
  readonly installationId: string;
  /** Called when counting begins to fail. */
  readonly onFailure?: (error: unknown) => void;
}

/** A count without an end, or with one later than a window from now, begins anew. */
const addScript = `
local left = redis.call("pttl", KEYS[1])
if left < 1 or left > tonumber(ARGV[3]) then
  redis.call("set", KEYS[1], ARGV[1], "PX", ARGV[2])
  return {tonumber(ARGV[1]), tonumber(ARGV[2])}
end
return {redis.call("incrby", KEYS[1], ARGV[1]), left}
`;

/** Opens its one connection when it is needed, and another after a failure. */
export function createRedisCounts({ url, callTimeoutMs, installationId, onFailure }: RedisCountsOptions): RedisCounts {
  let opened: Promise<RedisConnection> | undefined;
  let isFailing = false;

  function drop(connection: Promise<RedisConnection> | undefined): void {
    if (opened === connection) opened = undefined;
    // One that could not be opened is closed already.
    void connection?.then(({ client }) => client.disconnect()).catch(() => undefined);
  }

  return {
    async add(key, count, { lifeMs, windowMs }) {
      const used = (opened ??= openRedisConnection(url, () => {}));
      try {
        const { client } = await used;
        const name = `nomaly:${installationId}:requests:${key}`;
        const answer = await withinMs(client.eval(addScript, 1, name, count, lifeMs, windowMs), callTimeoutMs);
        const [total, endsInMs] = answer as [number, number];
        isFailing = false;
        return { count: total, endsInMs };
      } catch (error) {
        drop(used);
        if (!isFailing) onFailure?.(error);
        isFailing = true;
        throw error;
      }
    },
    atOnceMax: 4,
    close: () => drop(opened),
  };
}
