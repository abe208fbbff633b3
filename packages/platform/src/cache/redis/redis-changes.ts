/**
 * A change in Redis: a new token for each of its tags, and a message to the other processes. Every process that hears of the change
 * asks for this, as whoever made it may have ended; the server does it once.
 *
 *     change:{id}     the tags of this change that have their new token     expires in an hour
 *
 * When the server has lost the mark, the tags get another token once more: entries are loaded again, none is old.
 */

import { randomUUID } from "node:crypto";
import type { ChainableCommander } from "ioredis";
import { everythingTag } from "../../ids/tags.ts";
import { cacheKinds } from "../kinds.ts";
import type { Invalidation } from "../level2.ts";
import { type ChangeMessage, changeChannel } from "./redis-subscriber.ts";

/** Twice the longest life of an entry. When a token goes, the entries under it are loaded once more. */
const tagTtlSeconds = (2 * Math.max(...Object.values(cacheKinds).map(({ ttlMs }) => ttlMs))) / 1000;
/** Long after every process has heard. */
const markTtlSeconds = 3600;

// KEYS: the mark, then the tokens. ARGV: life of the mark, channel, message, then for each tag its token and the life of that; 0 is for ever.
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

/** One command. */
export function addChange(pipeline: ChainableCommander, { changeId, tags }: Invalidation, senderId: string): void {
  const message: ChangeMessage = { sender: senderId, changeId, tags };
  const keys = [`change:${changeId}`, ...tags.map(tagKeyOf)];
  const tokens = tags.flatMap((tag) => [randomUUID(), tagTtlOf(tag) ?? 0]);
  pipeline.eval(applyOnce, keys.length, ...keys, markTtlSeconds, changeChannel, JSON.stringify(message), ...tokens);
}

/** Gives a tag that has no token one. */
export function addToken(pipeline: ChainableCommander, tag: string): void {
  const ttlSeconds = tagTtlOf(tag);
  if (ttlSeconds === undefined) pipeline.set(tagKeyOf(tag), randomUUID(), "NX");
  else pipeline.set(tagKeyOf(tag), randomUUID(), "EX", ttlSeconds, "NX");
}

export function tagKeyOf(tag: string): string {
  return `tag:${tag}`;
}

/** The token that every entry hangs on stays: its end would be the end of the whole cache, every other day. */
function tagTtlOf(tag: string): number | undefined {
  return tag === everythingTag ? undefined : tagTtlSeconds;
}
