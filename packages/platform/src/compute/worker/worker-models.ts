/** The models that a worker has restored, bounded by their bytes. */

import { type AnomalyModel, load } from "@nomaly/detect";
import { LRUCache } from "lru-cache";

export class WorkerModels {
  readonly #restored: LRUCache<string, AnomalyModel>;

  constructor(sizeBytesMax: number) {
    this.#restored = new LRUCache({ maxSize: sizeBytesMax });
  }

  get(versionId: string): AnomalyModel | undefined {
    return this.#restored.get(versionId);
  }

  restore(versionId: string, bytes: Uint8Array): AnomalyModel {
    const model = load(bytes);
    this.#restored.set(versionId, model, { size: bytes.length });
    return model;
  }

  drop(versionIds: readonly string[]): void {
    for (const versionId of versionIds) this.#restored.delete(versionId);
  }
}
