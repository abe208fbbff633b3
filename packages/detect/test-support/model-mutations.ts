/** Changes saved models as an attacker would: any value and any array, with every checksum made right again. */

import type { StateArray, StateValue } from "../src/detector/detector.ts";
import type { Library } from "../src/library/library.ts";
import { NomalyError } from "../src/errors.ts";
import type { ModelFileContent } from "../src/model-file/format.ts";
import { decodeModelFile, encodeModelFile } from "../src/model-file/index.ts";
import type { RowsInput } from "../src/pipeline/index.ts";
import type { Random } from "../src/random.ts";
import { createRandom } from "../src/random.ts";

/** Loading and scoring a few rows takes milliseconds: after this time, the change has caused a loop or a huge allocation. */
const outcomeMsMax = 5000;
const hostileNumbers = [0, -0, 1, -1, 0.5, 2, 3, 255, 65_536, 2 ** 31 - 1, 2 ** 31, 2 ** 32, 2 ** 53, 1e300, -1e300, 5e-324];
const hostileValues: readonly StateValue[] = [
  ...hostileNumbers,
  "",
  "toString",
  "number",
  null,
  true,
  false,
  [],
  {},
  [0],
  { kind: 1 },
];
const hostileElements = [...hostileNumbers, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE];

export interface Mutant {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** The `index`-th mutant of a saved model: the same for equal arguments. */
export function mutantOf(saved: Uint8Array, seed: number, index: number): Mutant {
  const random = createRandom(seed).stream(index);
  let content = decodeModelFile(saved);
  const changes: string[] = [];
  for (let count = 1 + random.integer(2); count > 0; count--) {
    const isArray = random.integer(2) === 0 && Object.keys(content.arrays).length > 0;
    const [what, changed] = isArray ? withChangedArray(content, random) : withChangedHeader(content, random);
    changes.push(what);
    content = changed;
  }
  return { what: changes.join(", "), bytes: encodeModelFile(content) };
}

/** The fault in how the library takes the mutant; undefined when it refuses it with a code, or scores with numbers. */
export function faultOf({ bytes }: Mutant, library: Library, rows: RowsInput): string | undefined {
  const start = performance.now();
  try {
    const model = library.load(bytes);
    const scores = model.score(rows);
    const explained = model.explain(rows).rows;
    const wrong = scores.findIndex((score) => Number.isNaN(score) || score === Number.NEGATIVE_INFINITY);
    if (wrong >= 0) return `row ${wrong} scores ${scores[wrong]}`;
    const unlike = explained.findIndex(({ score }, row) => !Object.is(score, scores[row]));
    if (unlike >= 0) return `row ${unlike} scores ${scores[unlike]}, explained ${explained[unlike].score}`;
    const vague = explained.findIndex(({ reasons }) => reasons.some(({ contribution }) => Number.isNaN(contribution)));
    if (vague >= 0) return `row ${vague} is explained by NaN`;
  } catch (error) {
    if (!(error instanceof NomalyError)) return `threw ${error instanceof Error ? error.stack : String(error)}`;
  }
  const tookMs = performance.now() - start;
  return tookMs > outcomeMsMax ? `took ${tookMs.toFixed(0)} ms` : undefined;
}

function withChangedArray(content: ModelFileContent, random: Random): [string, ModelFileContent] {
  const names = Object.keys(content.arrays);
  const name = pick(names, random);
  const array = content.arrays[name];
  const [what, changed] = changedArray(array, random);
  const arrays = { ...content.arrays };
  if (changed === undefined) delete arrays[name];
  else arrays[name] = changed;
  return [`${name}: ${what}`, { ...content, arrays }];
}

function changedArray(array: StateArray, random: Random): [string, StateArray | undefined] {
  switch (random.integer(8)) {
    case 0:
      return ["removed", undefined];
    case 1:
      return ["cut short", array.slice(0, random.integer(array.length + 1))];
    case 2:
      return ["turned round", array.slice().reverse()];
    case 3: {
      const Type = pick([Float64Array, Float32Array, Int32Array, Uint32Array, Uint16Array, Uint8Array], random);
      return [`made ${Type.name}`, Type.from(array)];
    }
    case 4: {
      const value = pick(hostileElements, random);
      return [`filled with ${value}`, array.slice().fill(value)];
    }
    default: {
      const copy = array.slice();
      const changes = [];
      for (let count = 1 + random.integer(3); count > 0 && copy.length > 0; count--) {
        const at = random.integer(copy.length);
        copy[at] = random.integer(3) === 0 ? copy[random.integer(copy.length)] : pick(hostileElements, random);
        changes.push(`[${at}] = ${copy[at]}`);
      }
      return [changes.join(" "), copy];
    }
  }
}

function withChangedHeader(content: ModelFileContent, random: Random): [string, ModelFileContent] {
  const header = structuredClone(content.header) as Record<string, StateValue>;
  const places = placesIn(header, "header");
  const { holder, key, path } = pick(places, random);
  const choice = random.integer(6);
  if (choice === 0 && !Array.isArray(holder)) {
    delete holder[key];
    return [`${path} removed`, { ...content, header }];
  }
  // A value from elsewhere in the file has the right type more often than a made-up one.
  const other = pick(places, random);
  const value = choice === 1 ? structuredClone(other.holder[other.key]) : pick(hostileValues, random);
  holder[key] = choice === 2 && typeof holder[key] === "number" ? holder[key] + 1 : value;
  return [`${path} = ${JSON.stringify(holder[key])?.slice(0, 60)}`, { ...content, header }];
}

interface Place {
  readonly holder: Record<string, StateValue>;
  readonly key: string;
  readonly path: string;
}

/** Every value in the header, wherever it stands. */
function placesIn(header: Record<string, StateValue>, root: string): Place[] {
  const places: Place[] = [];
  const queue: [Record<string, StateValue>, string][] = [[header, root]];
  for (let next = queue.pop(); next !== undefined; next = queue.pop()) {
    const [holder, path] = next;
    for (const [key, value] of Object.entries(holder)) {
      places.push({ holder, key, path: `${path}.${key}` });
      if (typeof value === "object" && value !== null) queue.push([value as Record<string, StateValue>, `${path}.${key}`]);
    }
  }
  return places;
}

function pick<T>(items: readonly T[], random: Random): T {
  return items[random.integer(items.length)];
}
