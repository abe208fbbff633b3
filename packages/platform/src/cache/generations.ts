/** Tells whether a value was made before one of its tags was invalidated, by one number for each value and each tag. */

export interface Generations {
  /** To be called before a value is read from anywhere. */
  current(): number;
  /** True when none of the tags was invalidated since that generation. */
  isCurrent(generation: number, tags: readonly string[]): boolean;
  invalidate(tags: readonly string[]): void;
  invalidateAll(): void;
}

/** @param tagCountMax with more tags than this, all tags are forgotten and all earlier values are invalid. */
export function createGenerations(tagCountMax: number): Generations {
  const invalidatedAt = new Map<string, number>();
  let generation = 1;
  /** Values of earlier generations are invalid whatever their tags. */
  let floor = 0;

  function invalidateAll(): void {
    invalidatedAt.clear();
    floor = ++generation;
  }

  return {
    current: () => generation,
    isCurrent(since, tags) {
      if (since < floor) return false;
      for (const tag of tags) if ((invalidatedAt.get(tag) ?? 0) > since) return false;
      return true;
    },
    invalidate(tags) {
      generation++;
      for (const tag of tags) invalidatedAt.set(tag, generation);
      if (invalidatedAt.size > tagCountMax) invalidateAll();
    },
    invalidateAll,
  };
}
