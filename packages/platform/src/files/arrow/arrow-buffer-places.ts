/** Names the buffers of a batch for messages: the column, and what the buffer holds. */

import { mayMiss } from "./arrow-batch.ts";
import type { FlatVector } from "./arrow-flatbuffer.ts";
import type { ArrowField, ArrowLayout } from "./arrow-schema.ts";

/** More than any column has. A damaged number of view buffers must not lead to as many names. */
const viewBufferCountMax = 1_000_000;

/** In the order of the buffers, without end checks: a damaged batch may have more buffers or fewer. */
export function bufferPlaces(fields: readonly ArrowField[], version: 4 | 5, viewBufferCounts: FlatVector): Generator<string> {
  let viewColumnIndex = 0;

  function nextViewBufferCount(): number {
    const index = viewColumnIndex++;
    return index < viewBufferCounts.count ? Math.min(viewBufferCounts.int64(index, 0), viewBufferCountMax) : 0;
  }

  function* placesOf(field: ArrowField, path: string): Generator<string> {
    const isCoded = field.dictionary !== undefined;
    if (isCoded || mayMiss(field, version)) yield `the validity bits of ${path}`;
    if (isCoded) return yield `the dictionary places of ${path}`;
    for (const what of ownBuffers(field.layout, nextViewBufferCount)) yield `the ${what} of ${path}`;
    for (const child of field.children) yield* placesOf(child, `${path}, field ${JSON.stringify(child.name)}`);
  }

  function* places(): Generator<string> {
    for (const field of fields) yield* placesOf(field, `column ${JSON.stringify(field.name)}`);
  }

  return places();
}

/** After the validity bits and before the buffers of inner fields. */
function ownBuffers(layout: ArrowLayout, nextViewBufferCount: () => number): readonly string[] {
  switch (layout.kind) {
    case "fixed":
    case "bits":
      return ["values"];
    case "texts":
      return ["offsets", "texts"];
    case "views":
      return ["views", ...Array.from({ length: Math.max(0, nextViewBufferCount()) }, () => "texts")];
    case "list":
      return ["offsets"];
    case "list view":
      return ["offsets", "sizes"];
    case "union":
      return layout.isDense ? ["types", "offsets"] : ["types"];
    case "none":
    case "fixed list":
    case "struct":
    case "runs":
      return [];
  }
}
