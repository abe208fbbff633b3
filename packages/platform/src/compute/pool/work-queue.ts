/** Work that waits for a worker: three lanes, bounded together by rows, bytes, items and, for short work, by the time to wait. */

/** Rows of a request; a file that is read while somebody waits; training, and scoring of whole files. */
export const lanes = ["short", "file", "long"] as const;
export type Lane = (typeof lanes)[number];

/** What waiting work takes. */
export interface Load {
  readonly lane: Lane;
  readonly rowCount: number;
  readonly sizeBytes: number;
  readonly estimateMs: number;
}

export interface QueueLimits {
  readonly rowCountMax: number;
  readonly sizeBytesMax: number;
  readonly itemCountMax: number;
  /** Short work that would wait longer is refused at once. */
  readonly waitMsMax: number;
}

export class WorkQueue<Item extends Load> {
  readonly #limits: QueueLimits;
  readonly #lanes: Readonly<Record<Lane, Item[]>> = { short: [], file: [], long: [] };
  #rowCount = 0;
  #sizeBytes = 0;
  readonly #estimateMs: Record<Lane, number> = { short: 0, file: 0, long: 0 };

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  /** Why an item cannot wait; undefined when it can. @param workerCount workers that its lane may use. */
  refusal(load: Load, workerCount: number): string | undefined {
    const { rowCountMax, sizeBytesMax, itemCountMax, waitMsMax } = this.#limits;
    if (this.itemCount >= itemCountMax) return `${this.itemCount} pieces of work wait already`;
    if (this.#rowCount + load.rowCount > rowCountMax) return `${this.#rowCount} rows wait already`;
    if (this.#sizeBytes + load.sizeBytes > sizeBytesMax) return `${this.#sizeBytes} bytes wait already`;
    if (load.lane === "short" && this.waitMs("short", workerCount) > waitMsMax) return "the wait would be too long";
    return undefined;
  }

  push(item: Item): void {
    this.#lanes[item.lane].push(item);
    this.#count(item, 1);
  }

  /** Before all others of its lane, whatever the limits: it has waited once. */
  pushFirst(item: Item): void {
    this.#lanes[item.lane].unshift(item);
    this.#count(item, 1);
  }

  shift(lane: Lane): Item | undefined {
    const item = this.#lanes[lane].shift();
    if (item !== undefined) this.#count(item, -1);
    return item;
  }

  /** False when it does not wait here. */
  remove(item: Item): boolean {
    const at = this.#lanes[item.lane].indexOf(item);
    if (at < 0) return false;
    this.#lanes[item.lane].splice(at, 1);
    this.#count(item, -1);
    return true;
  }

  #count({ lane, rowCount, sizeBytes, estimateMs }: Item, sign: 1 | -1): void {
    this.#rowCount += sign * rowCount;
    this.#sizeBytes += sign * sizeBytes;
    // Sums of floats drift: an empty lane waits for exactly nothing.
    this.#estimateMs[lane] = this.#lanes[lane].length === 0 ? 0 : this.#estimateMs[lane] + sign * estimateMs;
  }

  waitMs(lane: Lane, workerCount: number): number {
    return this.#estimateMs[lane] / Math.max(1, workerCount);
  }

  laneCount(lane: Lane): number {
    return this.#lanes[lane].length;
  }

  /** In their order, as they are now. */
  itemsOf(lane: Lane): readonly Item[] {
    return [...this.#lanes[lane]];
  }

  get itemCount(): number {
    return lanes.reduce((sum, lane) => sum + this.#lanes[lane].length, 0);
  }

  get rowCount(): number {
    return this.#rowCount;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }
}
