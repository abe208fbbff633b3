/** Draws rows in an order that changes with every pass, so that all are used and hardly two bodies are the same. */

import type { Random } from "@nomaly/detect";

/**
 * Every row is drawn once before any is drawn again (Fisher and Yates, one step a draw).
 * @returns a function that draws that many rows, separated by commas; all rows where there are fewer.
 */
export function createShuffledRows(rowTexts: readonly string[], random: Pick<Random, "integer">): (rowCount: number) => string {
  const order = Uint32Array.from(rowTexts.keys());
  let at = 0;

  function draw(): string {
    if (at === order.length) at = 0;
    const other = at + random.integer(order.length - at);
    const row = order[other];
    order[other] = order[at];
    order[at] = row;
    at++;
    return rowTexts[row];
  }

  return (rowCount) => {
    let body = draw();
    for (let count = Math.min(rowCount, order.length); count > 1; count--) body += `,${draw()}`;
    return body;
  };
}
