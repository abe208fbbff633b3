/** Keeps models in memory, bounded by bytes: the model files for workers, and restored models for scoring on the caller's thread. */

import { type AnomalyModel, load, NomalyError } from "@nomaly/detect";
import { LRUCache } from "lru-cache";
import type { ModelReference } from "./work.ts";
import { counter, gauge, type StatsOf } from "../watch/metric-kinds.ts";

/** A restored model takes as much memory as its file again, and its kernels take the same once more. */
const sizePerFileByte = 3;

export interface LoadedModel {
  /** Content of the model file. */
  readonly bytes: Uint8Array;
  /** The bytes, or those that the model was made from, came from outside: only a worker restores it, which may die of it. */
  readonly isForeign: boolean;
}

export interface HeldModel extends LoadedModel {
  readonly versionId: string;
  /** Restores the model on the first call, which takes milliseconds for a large one. */
  readonly model: () => AnomalyModel;
}

export const modelCacheMetrics = {
  loaded: gauge("Models in memory"),
  bytes: gauge("Bytes of the models in memory"),
  hits: counter("Models that were in memory when asked for"),
  misses: counter("Models that had to be loaded"),
  evictions: counter("Models that made room for others"),
};
export type ModelCacheStats = StatsOf<typeof modelCacheMetrics>;

/** Loads the model file of a version. @throws NomalyError NOT_FOUND, STORAGE and the like. */
export type LoadModel = (versionId: string) => Promise<LoadedModel>;

export class ModelCache {
  readonly #loadModel: LoadModel;
  readonly #held: LRUCache<string, HeldModel>;
  /** Callers that ask for the same version at the same time share one load. */
  readonly #loading = new Map<string, Promise<HeldModel>>();
  #hitCount = 0;
  #missCount = 0;
  #evictionCount = 0;

  constructor(loadModel: LoadModel, sizeBytesMax: number) {
    this.#loadModel = loadModel;
    this.#held = new LRUCache({
      maxSize: sizeBytesMax,
      sizeCalculation: ({ bytes }) => bytes.length * sizePerFileByte,
      dispose: (_held, _versionId, reason) => {
        if (reason === "evict") this.#evictionCount++;
      },
    });
  }

  /** The model if it is in memory, without waiting. */
  peek({ versionId }: ModelReference): HeldModel | undefined {
    const held = this.#held.get(versionId);
    if (held !== undefined) this.#hitCount++;
    return held;
  }

  async hold(reference: ModelReference): Promise<HeldModel> {
    const held = this.peek(reference);
    if (held !== undefined) return held;
    const { versionId } = reference;
    this.#missCount++;
    const under = this.#loading.get(versionId);
    if (under !== undefined) return under;
    const loading = this.#load(versionId);
    this.#loading.set(versionId, loading);
    try {
      const loaded = await loading;
      // A version that was dropped during its load is given to the waiting callers, but not kept.
      if (this.#loading.get(versionId) === loading) this.#held.set(versionId, loaded);
      return loaded;
    } finally {
      if (this.#loading.get(versionId) === loading) this.#loading.delete(versionId);
    }
  }

  async #load(versionId: string): Promise<HeldModel> {
    const { bytes, isForeign } = await this.#loadModel(versionId);
    if (bytes.length === 0) throw new NomalyError("STORAGE", `the stored model ${versionId} is empty`, { received: "0 bytes" });
    let model: AnomalyModel | undefined;
    return { versionId, bytes, isForeign, model: () => (model ??= load(bytes)) };
  }

  drop(versionIds: readonly string[]): void {
    for (const versionId of versionIds) {
      this.#held.delete(versionId);
      this.#loading.delete(versionId);
    }
  }

  clear(): void {
    this.#held.clear();
  }

  stats(): ModelCacheStats {
    return {
      loaded: this.#held.size,
      bytes: this.#held.calculatedSize,
      hits: this.#hitCount,
      misses: this.#missCount,
      evictions: this.#evictionCount,
    };
  }
}
