/** Checks on degenerate tables: constant columns, missing values, one or many columns, few rows. */

import type { ErrorCode } from "../../errors.ts";
import { NomalyError } from "../../errors.ts";
import type { Matrix } from "../../matrix.ts";
import { rowRange } from "../../matrix.ts";
import type { Check, Report } from "../check.ts";
import type { Corner } from "../corners.ts";
import { clusteredSample, type Sample } from "../samples.ts";
import type { Subject } from "../subject.ts";
import { copyOf, scoresOf } from "../subject.ts";

export const edgeChecks: readonly Check[] = [
  {
    name: "degenerate-columns",
    claim:
      "Constant, repeated, two-valued, huge and tiny columns give finite scores (a new row that is off the scale of float64 may score infinity), or an error with a code.",
    run: async (subject, report) => {
      await subject.eachCorner(report, async (corner, report) => {
        for (const sample of subject.tables.degenerate()) {
          await reportUnsoundFit(subject, sample, { corner, codes: tableCodes, infinity: true }, (fault) =>
            report(`${sample.name}: ${fault}`),
          );
        }
      });
    },
  },
  {
    name: "degenerate-defaults",
    claim: "With default parameters, degenerate columns of ordinary size are fitted without an error.",
    run: async (subject, report) => {
      for (const sample of subject.tables.degenerate()) {
        const isOrdinary = sample.train.values.every(
          (value) => Math.abs(value) < 1e200 && (value === 0 || Math.abs(value) > 1e-200),
        );
        const isAllConstant = sample.name === "all columns constant";
        if (!isOrdinary || isAllConstant) continue;
        await subject
          .fit(copyOf(sample.train))
          .catch((error: unknown) => report(`${sample.name}: refused with ${String(error)}`));
      }
    },
  },
  {
    name: "missing-values",
    claim: "Where the trait acceptsMissing says so, NaN in training and in new rows gives finite scores.",
    exempts: (traits) => (traits.acceptsMissing ? undefined : "NaN is refused before it comes here"),
    run: async (subject, report) => {
      const { train, fresh } = subject.tables.clustered();
      for (const table of [train, fresh]) for (let i = 3; i < table.values.length; i += 7) table.values[i] = Number.NaN;
      fresh.values.fill(Number.NaN, 0, fresh.columnCount);
      await subject.eachCorner(report, async (corner, report) => {
        const sample = { name: "missing values", train, fresh };
        await reportUnsoundFit(subject, sample, { corner }, report);
      });
    },
  },
  {
    name: "widths",
    claim:
      "Tables of 1, 2 and 50 columns are fitted and scored, as far as the trait columnMaximum allows; a wider one is refused (SHAPE).",
    run: async (subject, report) => {
      await reportWrongMaximum(subject, report);
      for (const width of subject.tables.widths([1, 2, 50])) {
        const sample = subject.tables.clustered(150, width);
        await reportUnsoundFit(subject, sample, {}, (fault) => report(`${width} columns: ${fault}`));
      }
    },
  },
  {
    name: "few-rows",
    claim:
      "The trait rowMinimum is a whole number of at least 1, and that many rows are fitted, unless a parameter needs more (PARAM).",
    run: async (subject, report) => {
      const { rowMinimum } = subject.detector.traits;
      if (!Number.isInteger(rowMinimum) || rowMinimum < 1) report(`rowMinimum is ${rowMinimum}`);
      const { train, fresh } = subject.tables.clustered(Math.max(1, rowMinimum) + 12);
      await subject.eachCorner(report, async (corner, report) => {
        for (const rowCount of [rowMinimum, rowMinimum + 1, rowMinimum + 3]) {
          const sample = { name: "few rows", train: rowRange(train, 0, rowCount), fresh };
          await reportUnsoundFit(subject, sample, { corner, codes: ["PARAM"] }, (fault) => report(`${rowCount} rows: ${fault}`));
        }
      });
    },
  },
];

/** Reports a limit of columns that is none. */
async function reportWrongMaximum(subject: Subject, report: Report): Promise<void> {
  const { columnMaximum, rowMinimum } = subject.detector.traits;
  if (columnMaximum === null) return;
  if (!Number.isInteger(columnMaximum) || columnMaximum < 1) return report(`columnMaximum is ${columnMaximum}`);
  const { train } = clusteredSample(2 * rowMinimum, columnMaximum + 1);
  try {
    await subject.fit(train);
    report(`columnMaximum is ${columnMaximum}, yet ${train.columnCount} columns are fitted`);
  } catch (error) {
    if (!(error instanceof NomalyError && error.code === "SHAPE")) report(`${train.columnCount} columns: threw ${String(error)}`);
  }
}

/** Codes that say that the table or the parameters are at fault. */
const tableCodes: readonly ErrorCode[] = ["PARAM", "SHAPE", "NOT_FINITE", "TOO_FEW_ROWS", "COLUMN", "UNSUPPORTED"];

interface Allowance {
  readonly corner?: Corner;
  readonly codes?: readonly ErrorCode[];
  /** New rows may score infinity: their distances may exceed float64. */
  readonly infinity?: boolean;
}

/** Reports scores that are not finite, and errors of other codes than those allowed. */
async function reportUnsoundFit(subject: Subject, sample: Sample, allowance: Allowance, report: Report): Promise<void> {
  const { train, fresh } = sample;
  const { corner = subject.corners[0], codes = [], infinity = false } = allowance;
  try {
    const { model, trainingScores } = await subject.fit(copyOf(train), { corner });
    reportNotFinite(trainingScores, train, "training", report);
    const scores = scoresOf(model, fresh);
    reportNotFinite(infinity ? scores.map((score) => Math.min(score, Number.MAX_VALUE)) : scores, fresh, "fresh", report);
  } catch (error) {
    if (!(error instanceof NomalyError)) report(`threw ${String(error)}`);
    else if (!codes.includes(error.code)) report(`refused with ${error.code}: ${error.message}`);
  }
}

function reportNotFinite(scores: Float64Array, rows: Matrix, what: string, report: Report): void {
  if (scores.length !== rows.rowCount) report(`${scores.length} scores for ${rows.rowCount} ${what} rows`);
  const wrong = scores.findIndex((score) => !Number.isFinite(score));
  if (wrong < 0) return;
  const row = Array.from(rowRange(rows, wrong, wrong + 1).values.subarray(0, 5));
  report(`${what} row ${wrong} (${row.join(", ")}) scores ${scores[wrong]}`);
}
