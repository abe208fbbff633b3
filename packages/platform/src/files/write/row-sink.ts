/** Writes the rows of a file again, each with its score. */

import type { AnomalyModel } from "@nomaly/detect";
import type { FormatAndCompression } from "../read/format.ts";
import type { Destination } from "./destination.ts";
import type { ScoreStore } from "./score-store.ts";

export interface ScoredMember {
  readonly detectorId: string;
  readonly scores: ScoreStore;
}

export interface ScoredRows {
  readonly model: Pick<AnomalyModel, "threshold" | "judge">;
  /** One score for each row of the file. */
  readonly scores: ScoreStore;
  /** Detectors that scored together, each with its own scores. */
  readonly members?: readonly ScoredMember[];
  /** Reasons of the anomalous rows, by row; undefined leaves the column out. */
  readonly reasons?: ReadonlyMap<number, string> | undefined;
  /** Called with the share of rows written, 0 to 1. */
  readonly progress?: (share: number) => void;
}

/** Which rows are written, and in which order; by default all, in the order of the file. */
export interface RowSelection {
  readonly onlyAnomalies: boolean;
  /** The highest score first; equal scores in the order of the file. */
  readonly byScore: boolean;
  /** The most rows, the first of them; default: all. */
  readonly rowCountMax?: number | undefined;
  /** So many rows, spread evenly over all in their order, the first among them; all, where there are no more. Not beside `rowCountMax`. */
  readonly sampleCount?: number | undefined;
}

export interface ScoredTarget {
  /** Discarded when writing fails. */
  readonly destination: Destination;
  readonly format: FormatAndCompression;
  /** CSV only: quotes texts that a spreadsheet would run as formulas. */
  readonly isSpreadsheetSafe?: boolean;
  readonly selection?: RowSelection;
}

export interface RowSink {
  /**
   * Writes every original column, in the original order, then the scores.
   * @throws NomalyError FILE_WRITE, ABORTED; FILE_READ when the file has changed since it was opened.
   */
  write(scored: ScoredRows, target: ScoredTarget): Promise<void>;
}
