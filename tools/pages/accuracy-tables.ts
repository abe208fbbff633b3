/** Tables of docs/accuracy.md that compare detectors with one another, and the members of auto. */

import { createRandom } from "../../packages/detect/src/random.ts";
import { type Agreement, shareOf } from "../../packages/detect/test-support/agreement.ts";

/** A detector's ROC-AUC on every set, by the name of the set. */
export interface SetFigures {
  readonly detectorId: string;
  readonly rocAucs: ReadonlyMap<string, number>;
}

export interface SetAgreement {
  readonly set: string;
  readonly agreement: Agreement;
}

const baseId = "isolation-forest";
const drawCount = 10_000;

/** Every detector beside isolation-forest: the mean difference with its interval, and the set where it is worst beside the median detector. */
export function differencesTable(figures: readonly SetFigures[]): string[] {
  const base = figures.find(({ detectorId }) => detectorId === baseId);
  if (base === undefined) return [];
  const medians = mediansOf(figures);
  const rows = figures.map(({ detectorId, rocAucs }) => {
    const sets = [...rocAucs.keys()].filter((set) => base.rocAucs.has(set));
    const differences = sets.map((set) => numberAt(rocAucs, set) - numberAt(base.rocAucs, set));
    const { low, high } = bootstrapInterval(differences);
    const worst = sets
      .map((set) => ({ set, difference: numberAt(rocAucs, set) - numberAt(medians, set) }))
      .reduce((least, one) => (one.difference < least.difference ? one : least));
    const cells = [
      detectorId,
      String(sets.length),
      meanOf([...rocAucs.values()]).toFixed(4),
      detectorId === baseId ? "" : `${signed(meanOf(differences))} (${signed(low)} to ${signed(high)})`,
      `${worst.set} ${signed(worst.difference)}`,
    ];
    return `| ${cells.join(" | ")} |`;
  });
  return [
    "| detector | sets | ROC-AUC | beside isolation-forest | worst beside the median detector |",
    "| --- | ---: | ---: | --- | --- |",
    ...rows,
  ];
}

/** The median ROC-AUC of the detectors on each set; `auto`, which is made of them, does not count. */
function mediansOf(figures: readonly SetFigures[]): ReadonlyMap<string, number> {
  const single = figures.filter(({ detectorId }) => detectorId !== "auto");
  const sets = new Set(single.flatMap(({ rocAucs }) => [...rocAucs.keys()]));
  return new Map(
    [...sets].map((set) => {
      const values = single.flatMap(({ rocAucs }) => rocAucs.get(set) ?? []).toSorted((a, b) => a - b);
      return [set, (values[(values.length - 1) >> 1] + values[values.length >> 1]) / 2];
    }),
  );
}

/** The middle 95 % of the means of resampled differences (Efron's percentile bootstrap), with a fixed seed. */
export function bootstrapInterval(differences: readonly number[]): { readonly low: number; readonly high: number } {
  const random = createRandom(1);
  const means = Float64Array.from({ length: drawCount }, () => {
    let sum = 0;
    for (let i = 0; i < differences.length; i++) sum += differences[random.integer(differences.length)];
    return sum / differences.length;
  }).sort();
  return { low: means[Math.floor(0.025 * drawCount)], high: means[Math.ceil(0.975 * drawCount) - 1] };
}

export function agreementTable(sets: readonly SetAgreement[]): string[] {
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const names = ["allAgree", "otherwise", "foundByAll", "foundByFew"] as const;
  const rows = sets.map(({ set, agreement }) => [set, ...names.map((name) => percent(shareOf(agreement[name])))]);
  const means = names.map((name) => percent(meanOf(sets.map(({ agreement }) => shareOf(agreement[name])))));
  return [
    "| set | label right where all agree | where they do not | anomalies among rows found by all | by one or two |",
    "| --- | ---: | ---: | ---: | ---: |",
    ...[...rows, ["**mean**", ...means]].map((cells) => `| ${cells.join(" | ")} |`),
  ];
}

/** On how many sets the first share is larger than the second. */
export function winCount(sets: readonly SetAgreement[], first: keyof Agreement, second: keyof Agreement): number {
  return sets.filter(({ agreement }) => shareOf(agreement[first]) > shareOf(agreement[second])).length;
}

function numberAt(numbers: ReadonlyMap<string, number>, set: string): number {
  return numbers.get(set) ?? Number.NaN;
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function signed(value: number): string {
  return `${value < 0 ? "-" : "+"}${Math.abs(value).toFixed(3)}`;
}
