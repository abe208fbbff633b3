/** The models that a worker has restored, bounded by their bytes. */

import type { AnomalyModel } from "@nomaly/detect";
import { load } from "@nomaly/detect";
import { ByteLru } from "../byte-lru.ts";
import type { SentModel } from "../messages.ts";

export class WorkerModels {
  readonly #restored: ByteLru<AnomalyModel>;

  constructor(sizeBytesMax: number) {
    this.#restored = new ByteLru(sizeBytesMax);
  }

  restore({ versionId, bytes }: SentModel): AnomalyModel {
    const held = this.#restored.get(versionId);
    if (held !== undefined) return held;
    const model = load(bytes);
    this.#restored.set(versionId, model, bytes.length);
    return model;
  }

  drop(versionIds: readonly string[]): void {
    for (const versionId of versionIds) this.#restored.delete(versionId);
  }
}
