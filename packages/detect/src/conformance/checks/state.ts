/** Checks that a model's state is plain and complete data, and that `restore` checks it. */

import type { ModelState, StateArray, StateValue } from "../../detector/detector.ts";
import { NomalyError } from "../../errors.ts";
import { decodeModelFile, encodeModelFile } from "../../model-file/index.ts";
import type { Check } from "../check.ts";
import { copyOfState, differenceOfBits, differenceOfStates } from "../compare.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

/** Bytes that a state may have whatever the row count, so that a constant part does not fail small models. */
const stateSlackBytes = 4096;

export const stateChecks: readonly Check[] = [
  {
    name: "state-plain",
    claim: "A state is finite JSON-safe values and named typed arrays.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted }) => {
        const { values, arrays } = fitted.model.toState();
        // Throws an internal error that names a value which a file cannot hold.
        encodeModelFile({ header: values, arrays });
      }),
  },
  {
    name: "restore",
    claim:
      "A model restored from its model file scores and explains with the same bits under every kernel set, and has the same state.",
    run: (subject, report) =>
      subject.eachFit(report, ({ fitted, freshScores }, report) => {
        const { model } = fitted;
        const state = throughFile(model.toState());
        const { fresh } = subject.sample;
        for (const kernels of subject.kernelSets) {
          const restored = subject.detector.restore(state, kernels);
          if (restored.columnCount !== model.columnCount)
            report(`columnCount ${restored.columnCount} instead of ${model.columnCount}`);
          const difference = differenceOfBits(scoresOf(restored, fresh), freshScores);
          if (difference !== undefined) report(`restored under ${kernels.name}: ${difference}`);
          const change = differenceOfStates(restored.toState(), model.toState());
          if (change !== undefined) report(`restored under ${kernels.name}, its state differs: ${change}`);
          const [explained, expected] = [restored, model].map((each) => {
            const out = new Float64Array(fresh.values.length);
            each.contributionsInto?.(fresh, out);
            return out;
          });
          const unlike = differenceOfBits(explained, expected);
          if (unlike !== undefined) report(`contributions restored under ${kernels.name}: ${unlike}`);
        }
      }),
  },
  {
    name: "restore-refuses-damage",
    claim: "Restoring a damaged state is refused as MODEL_FILE, or gives a model that scores without failing.",
    run: async (subject, report) => {
      await subject.eachCorner(report, async (corner, report) => {
        // Another number seldom changes which parts a state has; another choice may.
        if (corner.label !== "default" && !corner.isSwitched) return;
        const { fitted } = await subject.shared(corner, subject.kernels);
        for (const damage of damagesOf(copyOfState(fitted.model.toState()))) {
          const fault = faultOfDamage(subject, damage);
          if (fault !== undefined) report(`${damage.what}: ${fault}`);
        }
      });
    },
  },
  {
    name: "state-size",
    claim: "A state grows at most in proportion to the training rows.",
    run: async (subject, report) => {
      const [small, large] = await Promise.all(
        [100, 400].map(async (rowCount) => {
          const { model } = await subject.fit(copyOf(subject.tables.clustered(rowCount).train));
          return Object.values(model.toState().arrays).reduce((sum, array) => sum + array.byteLength, 0);
        }),
      );
      if (large > 5 * small + stateSlackBytes) report(`${small} bytes for 100 rows, ${large} bytes for 400`);
    },
  },
];

function throughFile(state: ModelState): ModelState {
  const { header, arrays } = decodeModelFile(encodeModelFile({ header: state.values, arrays: state.arrays }));
  return { values: header, arrays };
}

interface Damage {
  readonly what: string;
  readonly state: ModelState;
  /** True where every damaged state of this kind is invalid, so that `restore` must refuse it. */
  readonly isHopeless: boolean;
}

/** Yields states as a hostile or broken file might hold them. */
function* damagesOf(state: ModelState): Generator<Damage> {
  const { values, arrays } = state;
  const withArray = (name: string, array: StateArray) => ({ values, arrays: { ...arrays, [name]: array } });
  for (const [name, array] of Object.entries(arrays)) {
    const { [name]: _dropped, ...rest } = arrays;
    yield { what: `without array "${name}"`, state: { values, arrays: rest }, isHopeless: true };
    const other = array instanceof Float64Array ? new Uint8Array(array.length) : new Float64Array(array.length);
    yield { what: `array "${name}" of another type`, state: withArray(name, other), isHopeless: true };
    if (array.length === 0) continue;
    yield { what: `array "${name}" empty`, state: withArray(name, array.slice(0, 0)), isHopeless: false };
    yield { what: `array "${name}" one shorter`, state: withArray(name, array.slice(0, -1)), isHopeless: false };
    for (const value of [0, -1, 1, 65_535, 2_147_483_647, 1e308, Number.NaN]) {
      yield {
        what: `array "${name}" filled with ${value}`,
        state: withArray(name, array.slice().fill(value)),
        isHopeless: false,
      };
    }
    yield { what: `array "${name}" reversed`, state: withArray(name, array.slice().reverse()), isHopeless: false };
    for (const [what, changed] of changesOfOne(array)) {
      yield { what: `array "${name}" with ${what}`, state: withArray(name, changed), isHopeless: false };
    }
  }
  for (const [name, value] of Object.entries(values)) {
    const { [name]: _dropped, ...rest } = values;
    yield { what: `without value "${name}"`, state: { values: rest, arrays }, isHopeless: true };
    const others: StateValue[] = typeof value === "number" ? [-1, 0, 0.5, 1e9, "1"] : [12_345, "no such word", null];
    for (const other of others) {
      const what = `value "${name}" set to ${JSON.stringify(other)}`;
      yield { what, state: { values: { ...values, [name]: other }, arrays }, isHopeless: typeof other === "string" };
    }
  }
}

/** Changes one entry: an index may then lead into a circle, or outside. */
function* changesOfOne(array: StateArray): Generator<[string, StateArray]> {
  const last = array.length - 1;
  for (const at of new Set([0, last >> 1, last])) {
    for (const value of new Set([0, 1, at, last, array.length, -1])) {
      const changed = array.slice();
      changed[at] = value;
      yield [`entry ${at} set to ${value}`, changed];
    }
  }
}

function faultOfDamage(subject: Subject, { state, isHopeless }: Damage): string | undefined {
  try {
    const model = subject.detector.restore(state, subject.kernels);
    if (isHopeless) return "restored without complaint";
    // The damage may have changed the width; the library refuses rows of another width before a model sees them.
    if (model.columnCount === subject.sample.fresh.columnCount) scoresOf(model, subject.sample.fresh);
    return undefined;
  } catch (error) {
    return error instanceof NomalyError && error.code === "MODEL_FILE" ? undefined : `threw ${String(error)}`;
  }
}
