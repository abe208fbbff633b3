/**
 * Applies a change in Redis: sets a new token for each of its tags and publishes a message. Every process that receives the change
 * sends this, as the process that made it may have ended; a script in Redis applies it once.
 *
 *     change:{id}     the tags of this change that have their new token     expires in an hour
 *
 * If Redis has lost the mark, the tags get another new token: their entries are loaded again, and none is stale.
 */

import { randomUUID } from "node:crypto";
import type { ChainableCommander } from "ioredis";
import { everythingTag } from "../../ids/tags.ts";
import { cacheKinds } from "../kinds.ts";
import type { Invalidation } from "../level2.ts";
import { type ChangeMessage, changeChannel } from "./redis-subscriber.ts";

/** Twice the longest life of an entry. When a token expires, its entries are loaded again. */
const tagTtlSeconds = (2 * Math.max(...Object.values(cacheKinds).map(({ ttlMs }) => ttlMs))) / 1000;
/** Much longer than every process needs to receive the change. */
const markTtlSeconds = 3600;

// KEYS: the mark, then the tags. ARGV: life of the mark, channel, message, then for each tag its token and the token's life; 0 is unlimited.
const applyOnce = `
local newCount = 0
for i = 2, #KEYS do
  if redis.call('SADD', KEYS[1], KEYS[i]) == 1 then
    newCount = newCount + 1
    local token, life = ARGV[2 * i], ARGV[2 * i + 1]
    if life == '0' then redis.call('SET', KEYS[i], token) else redis.call('SET', KEYS[i], token, 'EX', life) end
  end
end
if newCount > 0 then
  redis.call('EXPIRE', KEYS[1], ARGV[1])
  redis.call('PUBLISH', ARGV[2], ARGV[3])
end
return newCount`;

/** Adds one command to the pipeline. */
export function addChange(pipeline: ChainableCommander, { changeId, tags }: Invalidation, senderId: string): void {
  const message: ChangeMessage = { sender: senderId, changeId, tags };
  const keys = [`change:${changeId}`, ...tags.map(tagKeyOf)];
  const tokens = tags.flatMap((tag) => [randomUUID(), tagTtlOf(tag) ?? 0]);
  pipeline.eval(applyOnce, keys.length, ...keys, markTtlSeconds, changeChannel, JSON.stringify(message), ...tokens);
}

/** Sets a token for a tag that has none. */
export function addToken(pipeline: ChainableCommander, tag: string): void {
  const ttlSeconds = tagTtlOf(tag);
  if (ttlSeconds === undefined) pipeline.set(tagKeyOf(tag), randomUUID(), "NX");
  else pipeline.set(tagKeyOf(tag), randomUUID(), "EX", ttlSeconds, "NX");
}

export function tagKeyOf(tag: string): string {
  return `tag:${tag}`;
}

/** The token of `everythingTag` never expires, as that would invalidate the whole cache. */
function tagTtlOf(tag: string): number | undefined {
  return tag === everythingTag ? undefined : tagTtlSeconds;
}
