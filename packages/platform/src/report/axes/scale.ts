/** Maps values to positions in a drawing, and chooses round numbers for axes. */

export interface Scale {
  readonly min: number;
  readonly max: number;
  at(value: number): number;
}

export function linearScale([min, max]: readonly [number, number], [start, end]: readonly [number, number]): Scale {
  const span = max - min;
  const at = (value: number) => {
    // A single value is drawn in the middle; halving keeps huge spans finite.
    const share =
      span > 0 && Number.isFinite(span) ? (value - min) / span : span > 0 ? (value / 2 - min / 2) / (max / 2 - min / 2) : 0.5;
    return Math.round((start + share * (end - start)) * 100) / 100;
  };
  return { min, max, at };
}

/** About `count` round numbers from min to max. */
export function roundTicks(min: number, max: number, count: number): number[] {
  const span = max - min;
  if (!(span > 0) || !Number.isFinite(span)) return [min];
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => span / size <= count) ?? power * 10;
  const ticks: number[] = [];
  for (let index = Math.ceil(min / step); index * step <= max * (1 + 1e-12) && ticks.length <= 2 * count; index++)
    ticks.push(index * step);
  return ticks.map((tick) => Number(tick.toPrecision(12)));
}
