import { describe, expect, it } from "vitest";
import { expectCode } from "../../test-support/expect-code.ts";
import { referencedSeries } from "../../test-support/series-data.ts";
import { sharedFolder } from "../../test-support/shared-data.ts";
import { createAlertRule } from "./alert-rule.ts";

const series = referencedSeries().map((one) => [one.name, one] as const);

describe.skipIf(sharedFolder === undefined)("the alert rule on the reference's scores (needs the shared data)", () => {
  it.each(series)("gives the reference's alerts of %s, one for one", (_, { scores, alerts }) => {
    const rule = createAlertRule();
    expect(scores.map((score) => rule.next(score))).toEqual(alerts);
    expect(alerts.filter(Boolean).length).toBeGreaterThan(1);
  });

  it("goes on from its state as if it had not been away", () => {
    const { scores, alerts } = series[0][1];
    let rule = createAlertRule();
    const found = scores.map((score, row) => {
      if (row % 7 === 3) rule = createAlertRule(JSON.parse(JSON.stringify(rule.toState())));
      return rule.next(score);
    });
    expect(found).toEqual(alerts);
  });
});

describe("the alert rule", () => {
  const alertRows = (scores: readonly number[]) => {
    const rule = createAlertRule();
    return scores.flatMap((score, row) => (rule.next(score) ? [row] : []));
  };

  it("alerts from a score of 1.75 on", () => {
    expect(alertRows([1.7499999, 0, 1.75])).toEqual([2]);
  });

  it("gives one alert in 76 rows, however high the scores", () => {
    expect(alertRows(Array.from({ length: 229 }, () => 24))).toEqual([0, 76, 152, 228]);
  });

  it("asks 0.3 more after an alert, and half of that 3000 rows later", () => {
    const after = (rowCount: number, score: number) => alertRows([2, ...Array.from({ length: rowCount - 1 }, () => 0), score]);
    // 1.75 + 0.3 * 2^(-rows / 3000): 2.0447... after 76 rows, 1.9 after 3000.
    expect(after(76, 2.0447)).toEqual([0]);
    expect(after(76, 2.0449)).toEqual([0, 76]);
    expect(after(3000, 1.8999)).toEqual([0]);
    expect(after(3000, 1.9001)).toEqual([0, 3000]);
  });

  it("refuses NaN and forgets nothing by it", () => {
    const rule = createAlertRule();
    rule.next(9);
    const before = rule.toState();
    expectCode("NOT_FINITE", () => rule.next(Number.NaN));
    expect(rule.toState()).toEqual(before);
  });

  it.each([
    { load: -1, restRowCount: 0 },
    { load: 61, restRowCount: 0 },
    { load: Number.NaN, restRowCount: 0 },
    { load: 1, restRowCount: 76 },
    { load: 1, restRowCount: 0.5 },
    { load: "1", restRowCount: 0 } as never,
    {} as never,
  ])("refuses the state %j that no rule can have", (state) => {
    expectCode("PARAM", () => createAlertRule(state));
  });
});
