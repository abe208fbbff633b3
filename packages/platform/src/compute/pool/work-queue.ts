/** The queue of work before the workers: three lanes, bounded together by rows, bytes and items; short work also by its waiting time. */

/** `short` scores rows of a request, `file` reads a file while a client waits, `long` trains and scores whole files. */
export const lanes = ["short", "file", "long"] as const;
export type Lane = (typeof lanes)[number];

/** The share of the queue's limits that a piece of work uses. */
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
  /** The queue refuses short work that would wait longer. */
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

  /** The reason to refuse an item, or undefined if it may wait. @param workerCount workers that its lane may use. */
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

  /** Puts the item before all others of its lane and ignores the limits, as it has waited before. */
  pushFirst(item: Item): void {
    this.#lanes[item.lane].unshift(item);
    this.#count(item, 1);
  }

  shift(lane: Lane): Item | undefined {
    const item = this.#lanes[lane].shift();
    if (item !== undefined) this.#count(item, -1);
    return item;
  }

  /** False if the item is not in the queue. */
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
    // Sums of floats drift, so an empty lane is set to exactly 0.
    this.#estimateMs[lane] = this.#lanes[lane].length === 0 ? 0 : this.#estimateMs[lane] + sign * estimateMs;
  }

  waitMs(lane: Lane, workerCount: number): number {
    return this.#estimateMs[lane] / Math.max(1, workerCount);
  }

  laneCount(lane: Lane): number {
    return this.#lanes[lane].length;
  }

  /** A copy of the lane, in order. */
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
