/** Writes the rows of a file again, each with its score. */

import type { AnomalyModel } from "@nomaly/detect";
import type { FormatAndCompression } from "../read/format.ts";
import type { Destination } from "./destination.ts";
import type { ScoreStore } from "./score-store.ts";

export interface ScoredRows {
  readonly model: Pick<AnomalyModel, "threshold" | "judge">;
  /** One score for each row of the file. */
  readonly scores: ScoreStore;
  /** Reasons of the anomalous rows, by row; undefined leaves the column out. */
  readonly reasons?: ReadonlyMap<number, string> | undefined;
  /** Called with the share of rows written, 0 to 1. */
  readonly progress?: (share: number) => void;
}

export interface ScoredTarget {
  /** Discarded when writing fails. */
  readonly destination: Destination;
  readonly format: FormatAndCompression;
  /** CSV only: quotes texts that a spreadsheet would run as formulas. */
  readonly isSpreadsheetSafe?: boolean;
}

export interface RowSink {
  /**
   * Writes every original column, in the original order, then the scores.
   * @throws NomalyError FILE_WRITE, ABORTED; FILE_READ when the file has changed since it was opened.
   */
  write(scored: ScoredRows, target: ScoredTarget): Promise<void>;
}
