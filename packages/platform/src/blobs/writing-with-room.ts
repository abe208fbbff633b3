/** A blob store that refuses to write, or to write on, when others need what is left of the disk. */

import { Readable } from "node:stream";
import type { BlobStore } from "./blob-store.ts";

/** @param requireRoom throws when there is no room; asked before and with each part of the content, so it is cheap. */
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
