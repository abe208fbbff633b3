import * as fc from "fast-check";
import { expect, it } from "vitest";
import { type AlertChange, evaluateRule, type EvaluatedRule, type RuleState } from "./evaluate.ts";

const rule: EvaluatedRule = {
  id: "a",
  operator: ">",
  threshold: 10,
  heldSeconds: 0,
  breaches: 2,
  cooldownSeconds: 20,
  enabled: true,
  isSilenced: false,
};

interface Step {
  readonly state: string;
  readonly change?: AlertChange | undefined;
  readonly notice?: AlertChange | undefined;
}

/** Evaluates a value every five seconds. */
function run(
  values: readonly (number | null)[],
  changesAt: (step: number) => Partial<EvaluatedRule> = () => ({}),
): readonly Step[] {
  let before: RuleState | undefined;
  return values.map((value, step) => {
    const evaluated = evaluateRule({ ...rule, ...changesAt(step) }, before, value, new Date(step * 5000));
    before = evaluated.after;
    return { state: before.state, change: evaluated.change, notice: evaluated.notice };
  });
}
const states = (steps: readonly Step[]) => steps.map(({ state }) => state).join(" ");
/** `4:firing` for what the fifth evaluation says. */
const said = (steps: readonly Step[], what: "change" | "notice" = "notice") =>
  steps.flatMap((step, at) => (step[what] === undefined ? [] : [`${at}:${step[what]}`])).join(" ");

it.each<[string, readonly (number | null)[], Partial<EvaluatedRule>, string, string]>([
  ["two breaches in a row fire, and it is told once", [9, 11, 11, 12, 11], {}, "ok pending firing firing firing", "2:firing"],
  ["breaches that are not in a row do not fire", [11, 9, 11, 10, 11], {}, "pending ok pending ok pending", ""],
  ["one breach is enough for breaches of one", [11, 9], { breaches: 1 }, "firing resolved", "0:firing 1:resolved"],
  [
    "it cools down for 20 s, then is ok",
    [11, 11, 9, 9, 9, 9, 9],
    {},
    "pending firing resolved resolved resolved resolved ok",
    "1:firing 2:resolved",
  ],
  [
    "a breach within the cool-down fires only after it",
    [11, 11, 9, 11, 11, 11, 11, 11],
    {},
    "pending firing resolved resolved resolved resolved firing firing",
    "1:firing 2:resolved 6:firing",
  ],
  [
    "a breach that began late in the cool-down is pending after it",
    [11, 11, 9, 9, 9, 9, 11, 11],
    {},
    "pending firing resolved resolved resolved resolved pending firing",
    "1:firing 2:resolved 7:firing",
  ],
  [
    "it must breach as long as the window",
    [11, 11, 11, 11, 11],
    { heldSeconds: 15 },
    "pending pending pending firing firing",
    "3:firing",
  ],
  [
    "a pause begins the window anew",
    [11, 11, 9, 11, 11, 11],
    { heldSeconds: 10 },
    "pending pending ok pending pending firing",
    "5:firing",
  ],
  ["no data never fires", [null, null, null], { operator: "<" }, "no_data no_data no_data", ""],
  ["no data is no breach", [11, null, 11, 11], {}, "pending no_data pending firing", "3:firing"],
  ["an alert without data resolves", [11, 11, null], {}, "pending firing resolved", "1:firing 2:resolved"],
  ["the threshold itself is not above it", [10, 10, 10], {}, "ok ok ok", ""],
  ["the threshold itself is at least it", [10, 10], { operator: ">=" }, "pending firing", "1:firing"],
  ["below", [10, 9, 9], { operator: "<" }, "ok pending firing", "2:firing"],
  ["at most", [11, 10, 10], { operator: "<=" }, "ok pending firing", "2:firing"],
  ["a disabled rule", [11, 11, 11], { enabled: false }, "no_data no_data no_data", ""],
])("%s", (_claim, values, changes, expectedStates, expectedNotices) => {
  const steps = run(values, () => changes);
  expect([states(steps), said(steps)]).toEqual([expectedStates, expectedNotices]);
});

it("a rule that is disabled while it fires resolves and says so", () => {
  const steps = run([11, 11, 11, 11], (step) => ({ enabled: step < 2 }));
  expect([states(steps), said(steps)]).toEqual(["pending firing resolved resolved", "1:firing 2:resolved"]);
});

it("a silenced rule fires unheard, and is told when the silence ends before the alert", () => {
  const steps = run([11, 11, 11, 11, 9], (step) => ({ isSilenced: step < 3 }));
  expect([states(steps), said(steps), said(steps, "change")]).toEqual([
    "pending firing firing firing resolved",
    "3:firing 4:resolved",
    "1:firing 4:resolved",
  ]);
});

it("of an alert that began and ended in a silence nothing is told; one told before is told to be resolved", () => {
  expect(said(run([11, 11, 9, 9], () => ({ isSilenced: true })))).toBe("");
  expect(said(run([11, 11, 9, 9], (step) => ({ isSilenced: step > 1 })))).toBe("1:firing 2:resolved");
});

it("a clock that goes back an hour makes no cool-down last an hour longer", () => {
  const hour = 3_600_000;
  const resolved: RuleState = {
    state: "resolved",
    since: new Date(hour),
    value: 9,
    breachCount: 0,
    breachSince: null,
    isNotified: false,
  };
  const first = evaluateRule(rule, resolved, 9, new Date(0)).after;
  expect(first).toMatchObject({ state: "resolved", since: new Date(0) });
  expect(evaluateRule(rule, first, 9, new Date(20_000)).after.state).toBe("ok");
});

const given = fc.record({
  breaches: fc.integer({ min: 1, max: 4 }),
  heldSteps: fc.integer({ min: 0, max: 3 }),
  cooldownSeconds: fc.integer({ min: 0, max: 30 }),
  steps: fc.array(
    fc.record({
      value: fc.constantFrom(9, 11, 11, 11, null),
      isSilenced: fc.boolean(),
      enabled: fc.constantFrom(true, true, true, false),
    }),
    { maxLength: 80 },
  ),
});

it("whatever is read: told firing and resolved take turns, never within the cool-down, and only after enough breaches", () => {
  fc.assert(
    fc.property(given, ({ breaches, heldSteps, cooldownSeconds, steps }) => {
      const changesAt = (step: number) => ({ breaches, heldSeconds: heldSteps * 5, cooldownSeconds, ...steps[step] });
      const isBreach = (step: number) => steps[step]?.value === 11 && steps[step].enabled;
      const evaluated = run(
        steps.map(({ value }) => value),
        changesAt,
      );
      let last: AlertChange | undefined;
      let resolvedAt = -Infinity;
      for (const [at, { state, change, notice }] of evaluated.entries()) {
        if (state === "firing") expect(isBreach(at)).toBe(true);
        if (change === "firing") {
          expect((at - resolvedAt) * 5).toBeGreaterThanOrEqual(cooldownSeconds);
          for (let back = 0; back < Math.max(breaches, heldSteps + 1); back++) expect(isBreach(at - back)).toBe(true);
        }
        if (change === "resolved") resolvedAt = at;
        if (notice === undefined) continue;
        expect(notice === "firing" && steps[at].isSilenced).toBe(false);
        expect(notice).toBe(last === "firing" ? "resolved" : "firing");
        last = notice;
      }
    }),
    { numRuns: 500 },
  );
});
