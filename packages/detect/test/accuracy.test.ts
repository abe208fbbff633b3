import { testAccuracyOn } from "../test-support/accuracy-tests.ts";
import { detectors } from "../src/registry.ts";
import { singleThread } from "../src/threads/single-thread.ts";
import { taskTable } from "../src/threads/task-table.ts";

/** Small sets of each kind; the long form uses all sets. */
const setNames = [
  "4_breastw",
  "6_cardio",
  "14_glass",
  "15_Hepatitis",
  "18_Ionosphere",
  "21_Lymphography",
  "40_vowels",
  "45_wine",
];

testAccuracyOn(setNames, {
  threads: singleThread(taskTable(detectors)),
  seedCountOf: () => 20,
  orderCount: 12,
  timeoutMs: 60_000,
});
