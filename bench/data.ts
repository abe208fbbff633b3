/** Generated rows for timing: three normal clusters, and one row in a hundred spread over the whole range. */

import { createReadStream, writeFileSync } from "node:fs";
import { createRandom } from "../packages/detect/src/random.ts";

const clusterCount = 3;
const scatteredShare = 0.01;

/** Row-major float64, the same bits for the same arguments. */
export function generateValues(rowCount: number, columnCount: number, seed = 7): Float64Array {
  const random = createRandom(seed);
  const centers = Array.from({ length: clusterCount * columnCount }, () => 4 * random.normal());
  const values = new Float64Array(rowCount * columnCount);
  for (let row = 0, at = 0; row < rowCount; row++) {
    const scattered = random.uniform() < scatteredShare;
    const cluster = random.integer(clusterCount) * columnCount;
    for (let column = 0; column < columnCount; column++, at++) {
      values[at] = scattered ? 30 * (random.uniform() - 0.5) : centers[cluster + column] + random.normal();
    }
  }
  return values;
}

export function writeValues(file: string, values: Float64Array): void {
  writeFileSync(file, new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
}

/** Reads what {@link writeValues} wrote, onto memory that threads share, without a second copy. */
export async function readValues(file: string, length: number): Promise<Float64Array> {
  const values = new Float64Array(new SharedArrayBuffer(length * 8));
  const bytes = new Uint8Array(values.buffer);
  let offset = 0;
  for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 })) {
    bytes.set(chunk as Buffer, offset);
    offset += (chunk as Buffer).length;
  }
  return values;
}
