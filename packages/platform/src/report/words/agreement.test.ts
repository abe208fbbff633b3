import { expect, it } from "vitest";
import { absentTexts, defaultShareText, ensembleTexts, howSureText } from "./agreement.ts";

it("how sure the anomalies are says how many were looked at where these are not all", () => {
  const shares =
    "70 % are found by all 5 checks (look at these first), 10 % by at most 2 (doubtful); found means rare, not wrong";
  expect(howSureText([0, 10, 10, 20, 20, 140], 200)).toBe(`how sure: of the 200 anomalies, ${shares}`);
  expect(howSureText([0, 10, 10, 20, 20, 140], 2001)).toBe(
    `how sure: of the 2,001 anomalies (counted on 200 of them, spread evenly), ${shares}`,
  );
});

it("no row is to be looked at first that not all checks find, and none is doubtful that more than half of them find", () => {
  expect(howSureText([0, 3, 1, 0], 4)).toBe(
    "how sure: of the 4 anomalies, none is found by all 3 checks, 75 % by at most 1 (doubtful); found means rare, not wrong",
  );
  expect(howSureText([0, 0, 4], 4)).toBe(
    "how sure: of the 4 anomalies, 100 % are found by all 2 checks (look at these first); found means rare, not wrong",
  );
});

it("the share that is marked unasked is said to be none of the file's, and why it may be smaller", () => {
  const text = "about the strangest 10 % of any file are marked, however normal it is; --contamination changes that";
  expect(defaultShareText(0.1, 0.1)).toBe(text);
  expect(defaultShareText(0.081, 0.1)).toBe(text);
  expect(defaultShareText(0.0799, 0.1)).toBe(text.replace("marked", "marked (fewer where scores are equal)"));
});

it("a member that was not asked is told apart from one that looks at the same", () => {
  const member = { name: "asinhNeighbors", detectorId: "knn", looksAt: "neighbours", sees: "rows far from all usual rows" };
  const leftOut = [{ ...member, name: "neighbors", reason: "too long" }];
  expect(absentTexts({ members: [member], leftOut })).toEqual(["neighbours (knn, in another way): too long"]);
  expect(absentTexts({ members: [], leftOut })).toEqual(["neighbours (knn): too long"]);
});

it("one check is no plural", () => {
  const member = { name: "forest", detectorId: "isolation-forest", looksAt: "single values", sees: "values far out" };
  expect(ensembleTexts({ members: [member], leftOut: [] })).toEqual(["1 check of each row: single values (isolation-forest)"]);
});
