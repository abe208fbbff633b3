/** The models that a worker has restored, bounded by their bytes. */

import type { AnomalyModel } from "@nomaly/detect";
import { load } from "@nomaly/detect";
import { ByteLru } from "../byte-lru.ts";

export class WorkerModels {
  readonly #restored: ByteLru<AnomalyModel>;

  constructor(sizeBytesMax: number) {
    this.#restored = new ByteLru(sizeBytesMax);
  }

  get(versionId: string): AnomalyModel | undefined {
    return this.#restored.get(versionId);
  }

  restore(versionId: string, bytes: Uint8Array): AnomalyModel {
    const model = load(bytes);
    this.#restored.set(versionId, model, bytes.length);
    return model;
  }

  drop(versionIds: readonly string[]): void {
    for (const versionId of versionIds) this.#restored.delete(versionId);
  }
}
