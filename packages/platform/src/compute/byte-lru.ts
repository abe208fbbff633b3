/** Things by id, bounded by their bytes: what was not used for longest goes first. */

export class ByteLru<Value> {
  readonly #sizeBytesMax: number;
  // In order of use: a Map keeps its keys in the order in which they were set.
  readonly #entries = new Map<string, { readonly value: Value; readonly sizeBytes: number }>();
  #sizeBytes = 0;
  #evictionCount = 0;

  constructor(sizeBytesMax: number) {
    this.#sizeBytesMax = sizeBytesMax;
  }

  get(id: string): Value | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry.value;
  }

  /** What is larger than the whole bound is not kept. */
  set(id: string, value: Value, sizeBytes: number): void {
    this.delete(id);
    if (sizeBytes > this.#sizeBytesMax) return;
    this.#entries.set(id, { value, sizeBytes });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.#sizeBytesMax) return;
      this.delete(oldest);
      this.#evictionCount++;
    }
  }

  delete(id: string): void {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    this.#sizeBytes -= entry.sizeBytes;
  }

  clear(): void {
    this.#entries.clear();
    this.#sizeBytes = 0;
  }

  get count(): number {
    return this.#entries.size;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get evictionCount(): number {
    return this.#evictionCount;
  }
}
