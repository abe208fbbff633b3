/** What a detector claims about itself. The conformance suite checks every claim; a false trait is a bug. */

/** How contributions relate to the score. */
export type ExplanationClaim =
  /** The method has none. */
  | "none"
  /** Contributions of a row sum to its score. */
  | "sums-to-score"
  /** Contributions sum to the score less the model's baseline (state value `baseline`). */
  | "sums-to-score-less-baseline"
  /** Contributions are non-negative shares that sum to 1. */
  | "sums-to-one";

/** How the time of a fit grows with the rows. */
export type FitGrowth =
  | "linear"
  /** Assigns rows to clusters again and again, and skips most of them: somewhat less than linear. */
  | "clusters"
  /** Linear after a first part that is the same for any number of rows, as trees of a few rows each. */
  | "fixed-and-linear"
  /** As FastMCD: it searches some parts of 300 rows, at most 40 of them, then their candidates on 1500 rows, then the best ones on all. */
  | "parts"
  /** Searches the neighbours of all rows at once: nearly linear in few columns, where an index of the rows helps, more in many. */
  | "neighbours"
  /** The same, each row's by itself. */
  | "single-neighbours"
  | "quadratic"
  /** Quadratic, and more where the kernels of all pairs of rows do not fit the solver's cache. */
  | "support-vectors";

/** What a detector claims about itself. */
export interface Traits {
  /** The seed changes the model. */
  readonly usesRandomness: boolean;
  /** The model has `update`. */
  readonly learnsIncrementally: boolean;
  /** Fitting the same rows in another order gives another model. */
  readonly rowOrderMatters: boolean;
  /** Rows are a series: a row is judged against the rows learned before it, so that rows without an order mean nothing to it. */
  readonly scoresSeries: boolean;
  /** NaN is allowed in rows and means missing. */
  readonly acceptsMissing: boolean;
  /** `trainingScores` equal `scoreInto` of the same rows, bit for bit. */
  readonly trainingScoresAreRescores: boolean;
  /** Parts fitted on separate rows can be merged. */
  readonly mergeable: "exact" | "approximate" | "no";
  /** Whether the model computes contributions, and what they sum to. */
  readonly explains: ExplanationClaim;
  /** Fewest rows a fit accepts. */
  readonly rowMinimum: number;
  /** Most columns a fit accepts; null where there is no limit of its own. */
  readonly columnMaximum: number | null;
  /** Columns must be comparable: the pipeline standardises unless told otherwise. */
  readonly unitsMatter: boolean;
  /** Adding a constant to a column (in training and new rows alike) leaves scores as they were, to rounding. */
  readonly shiftInvariant: boolean;
  /** Multiplying a column by a positive constant leaves scores as they were, to rounding. */
  readonly scaleInvariant: boolean;
  /** Reordering columns leaves scores as they were, to rounding. */
  readonly columnOrderMatters: boolean;
  /** How the time of a fit grows with the rows, to estimate it from a smaller fit. Not checked: times depend on the machine. */
  readonly fitGrowth: FitGrowth;
}

/** Traits that claim nothing: a detector overrides those that it has. */
export const traitDefaults: Traits = {
  usesRandomness: false,
  learnsIncrementally: false,
  rowOrderMatters: false,
  scoresSeries: false,
  acceptsMissing: false,
  trainingScoresAreRescores: false,
  mergeable: "no",
  explains: "none",
  rowMinimum: 2,
  columnMaximum: null,
  unitsMatter: false,
  shiftInvariant: false,
  scaleInvariant: false,
  columnOrderMatters: false,
  fitGrowth: "linear",
};
