import { describe, expect, test } from "vitest";
import { kernelsByName } from "../../kernels/choose.ts";
import { createRandom } from "../../random.ts";
import { atOnce } from "../../threads/pieces.ts";
import { sortColumn } from "./sorted-column.ts";

describe("a column sorted in parts", () => {
  test.each([1, 7, 8, 64, 1000])("has the values and the order of one that is sorted whole, with parts of %i", (partLength) => {
    const kernels = kernelsByName("reference");
    const random = createRandom(partLength);
    for (const length of [1, 2, 63, 500]) {
      // Few different values, so that equal ones meet across parts.
      const given = Float64Array.from({ length }, () => random.integer(20) - 10);
      const [whole, parts] = [given.slice(), given.slice()];
      const [wholeOrder, partsOrder] = [new Uint32Array(length), new Uint32Array(length)];
      kernels.sortColumn(whole, wholeOrder);
      atOnce(sortColumn(parts, partsOrder, kernels, partLength));
      expect(parts).toEqual(whole);
      expect(partsOrder).toEqual(wholeOrder);
    }
  });
});
