/** Wraps a blob store so that it refuses to begin or continue a write when the disk is nearly full. */

import { Readable } from "node:stream";
import type { BlobStore } from "./blob-store.ts";

/** @param requireRoom throws when the disk is nearly full; it is called before the write and for each chunk, so it must be cheap. */
export function writingWithRoom(store: BlobStore, requireRoom: () => void): BlobStore {
  async function* watched(content: Readable): AsyncGenerator<Buffer> {
    for await (const chunk of content) {
      requireRoom();
      yield chunk as Buffer;
    }
  }
  return {
    ...store,
    async write(kind, content, limits) {
      requireRoom();
      return store.write(kind, Readable.from(watched(content)), limits);
    },
  };
}
