import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { redisProgram, redisSkipReason, startRedis, type RedisServer } from "../../../test-support/servers/redis.ts";
import { openRedisConnection } from "./redis-connection.ts";

const sockets = "/proc/net/tcp";

/** Of the connections to a port, the seconds until the system asks whether the other side is there; nothing where it does not. */
function keepAliveSeconds(port: number): number[] {
  const remote = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const lines = readFileSync(sockets, "utf8").split("\n").slice(1);
  const timers = lines.map((line) => line.trim().split(/\s+/)).filter((fields) => fields[2] === remote && fields[3] === "01");
  // "02" is the timer of keepalive; the time is in hundredths of a second.
  return timers.flatMap((fields) => (fields[5].startsWith("02:") ? [Number.parseInt(fields[5].slice(3), 16) / 100] : []));
}

describe.skipIf(redisProgram === undefined || !existsSync(sockets))(`a connection to Redis${redisSkipReason}`, () => {
  let redis: RedisServer;
  beforeAll(async () => void (redis = await startRedis()));
  afterAll(() => redis?.close());

  it("asks after 300 idle seconds whether the other side is there: PO-2", async () => {
    const { client } = await openRedisConnection(redis.url, () => undefined);
    onTestFinished(() => client.disconnect());
    const seconds = keepAliveSeconds(redis.port);
    expect(seconds).toHaveLength(1);
    expect(seconds[0]).toBeGreaterThan(290);
    expect(seconds[0]).toBeLessThanOrEqual(300.1);
  });
});
