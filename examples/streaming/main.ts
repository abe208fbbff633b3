/** A stream whose level shifts: score each window of rows first, then learn from it, and the new level becomes usual. */

import { fit } from "@nomaly/detect";

const windowRowCount = 250;

/** Two sensors around a level, with a fixed wobble. */
function readings(level: number, offset: number): number[][] {
  return Array.from({ length: windowRowCount }, (_, i) => [
    level + Math.sin((offset + i) * 1.7),
    level + Math.cos((offset + i) * 2.3),
  ]);
}

const mean = (values: Float64Array) => values.reduce((sum, value) => sum + value, 0) / values.length;

const model = await fit(readings(10, 0), { detector: "half-space-trees", seed: 7 });
for (let window = 1; window <= 6; window++) {
  const rows = readings(window < 3 ? 10 : 14, window * windowRowCount);
  const scores = model.score(rows);
  model.update(rows);
  console.log(`window ${window}: mean score ${mean(scores).toFixed(3)}`);
}
