/** The result of one run as plain data, which the terminal and the HTML page show. */

import type { AbsentMember, EnsembleMember, PipelineColumn, Reason, SkippedColumn } from "@nomaly/detect";
import type { Histogram } from "./charts/histogram.ts";
import type { MissingColumn } from "./missing-values.ts";

/** What one of several detectors, or one member of a detector that asks several, says of a row. */
export interface MemberFinding {
  readonly algorithm: string;
  /** What the member looks at, in a word or two; undefined of detectors that were asked for by name. */
  readonly looksAt: string | undefined;
  /** Undefined for a member, whose scores are not kept. */
  readonly score: number | undefined;
  readonly rank: number;
  readonly isAnomaly: boolean;
}

export interface ReportRow {
  /** Number of the row in the file; the first after the header is 1. */
  readonly row: number;
  readonly name: string | undefined;
  readonly score: number;
  readonly rank: number;
  readonly isAnomaly: boolean;
  /** Known label, if there is a label column. */
  readonly label: number | undefined;
  /** Empty where one detector works alone and asks no others. */
  readonly members: readonly MemberFinding[];
  /** The largest contribution first. */
  readonly reasons: readonly Reason[];
}

export interface ScatterPoint {
  /** Undefined where it is not known. */
  readonly row: number | undefined;
  readonly name: string | undefined;
  readonly x: number;
  readonly y: number;
  readonly score: number;
  readonly isAnomaly: boolean;
}

/** What a chart knows of a column. */
export type ShownColumn = Pick<PipelineColumn, "name" | "kind" | "profile">;

export interface Scatter {
  readonly x: ShownColumn;
  readonly y: ShownColumn;
  readonly points: readonly ScatterPoint[];
  /** Columns of numbers with a larger share than x or y, not drawn because they have few distinct values. */
  readonly passedOver: readonly string[];
  /** True when the points are a sample of the rows. */
  readonly sampled: boolean;
}

export interface EvaluationFigures {
  readonly rocAuc: number;
  readonly averagePrecision: number;
  /** Share of true anomalies among the `knownCount` highest scores. */
  readonly precisionAtN: number;
  readonly f1: number;
  readonly truePositives: number;
  readonly falsePositives: number;
  readonly falseNegatives: number;
  readonly trueNegatives: number;
  readonly rocCurve: readonly { readonly x: number; readonly y: number }[];
}

export interface ReportContent {
  readonly file: string;
  readonly algorithm: string;
  readonly algorithmSummary: string;
  /** Of a detector that asks several others: who took part, and who did not. */
  readonly ensemble: { readonly members: readonly EnsembleMember[]; readonly leftOut: readonly AbsentMember[] } | undefined;
  readonly params: Readonly<Record<string, number | string | boolean>>;
  readonly seed: number;
  readonly threshold: number;
  /** Such as `contamination 0.1`. */
  readonly thresholdRule: string;
  /**
   * `agreement[k]`: anomalies that k members find; of very many anomalies a part is looked at. Of a detector that asks several others, if
   * the rows were in memory and some are anomalies.
   */
  readonly agreement: readonly number[] | undefined;
  readonly rowCount: number;
  readonly fittedRowCount: number;
  readonly anomalyCount: number;
  /** The share of anomalies that the threshold is made for, where nobody asked for one: it is no finding. */
  readonly defaultShare: number | undefined;
  readonly columns: readonly PipelineColumn[];
  readonly skipped: readonly SkippedColumn[];
  /** Columns with missing values, and how these were dealt with. */
  readonly missing: readonly MissingColumn[];
  readonly histogram: Histogram;
  readonly top: readonly ReportRow[];
  /** Each column's share of the top rows' contributions, the largest first; shares sum to 1. */
  readonly telling: readonly { readonly column: string; readonly share: number }[];
  readonly scatter: Scatter | undefined;
  readonly evaluation: EvaluationFigures | undefined;
  readonly notes: readonly string[];
  readonly nameColumn: string | undefined;
  readonly command: string;
  readonly seconds: number;
  readonly version: string;
  /** ISO date and time. */
  readonly createdAt: string;
}
