/** Our scores of a parity file's rows, computed in the way in which the reference computed its own. */

import { atOnce } from "../src/threads/pieces.ts";
import type { AnyDetector, Fitted } from "../src/detector/detector.ts";
import { kernelsByName } from "../src/kernels/choose.ts";
import { whiten } from "../src/structures/linear-algebra/whitening.ts";
import { matrixFromRows, pickRows, rowRange, type Matrix } from "../src/matrix.ts";
import { createRandom, shuffle } from "../src/random.ts";
import { fitThreshold } from "../src/thresholds/index.ts";
import { fitForTest, scoresOf } from "./fit.ts";
import { exceptionsOf } from "./parity-exceptions.ts";
import { type FigureName, figureNames, type ParityQuestion } from "./parity.ts";
import { plainCofScores } from "./plain-cof.ts";

export interface OurScores {
  readonly training: Float64Array;
  /** Scores of the new rows; where the reference lets them depend on the batch, all rows are scored together as it does. */
  readonly fresh: Float64Array;
  /** Only there: our score of each new row by itself, and its expected value. */
  readonly alone?: Float64Array | undefined;
  readonly aloneExpected?: Float64Array | undefined;
  /** Where a fit may find another estimate: training scores from the reference's own estimate. */
  readonly formula?: Float64Array | undefined;
  readonly threshold: Float64Array;
  readonly labels: readonly number[];
  /** Whether our own score of the row changes when the same rows come in another order. */
  isTied(figure: FigureName, row: number): boolean;
}

type Fit = (rows: Matrix) => Promise<Fitted>;

export async function measureOurs(question: ParityQuestion): Promise<OurScores> {
  const { parityCase, entry, scores, detector } = question;
  const { train, fresh } = parityCase;
  const { random_state: _, svd_solver: __, ...params } = scores.params;
  const compat = "compat" in detector.params ? { compat: "pyod" } : {};
  const fit: Fit = (rows) => fitForTest(detector, rows, { ...params, ...compat });
  const { model, trainingScores } = await fit(train);
  const threshold = fitThreshold(trainingScores, { method: "contamination", contamination: 0.1 });
  const plain = scoresOf(model, fresh);
  const batch = await batchScores(detector, fit, train, fresh);
  const hasTies = figureNames.some((figure) => exceptionsOf(entry, parityCase.name, figure).some(({ rows }) => rows === "tied"));
  const moves = hasTies ? await orderMoves(fit, question, { training: trainingScores, fresh: plain }) : undefined;
  return {
    training: trainingScores,
    fresh: batch?.together ?? plain,
    alone: batch === undefined ? undefined : plain,
    aloneExpected: batch?.alone(Number(params["n_neighbors"])),
    formula: formulaScores(question),
    threshold: Float64Array.of(threshold),
    labels: Array.from(trainingScores, (score) => (score > threshold ? 1 : 0)),
    isTied: (figure, row) => moves?.[figure === "training" ? "training" : "fresh"][row] ?? false,
  };
}

interface BatchScores {
  readonly together: Float64Array;
  alone(neighbourCount: number): Float64Array;
}

/** ECOD and COPOD rank new rows among the training rows and each other; COF chains them to each other alone. */
async function batchScores(detector: AnyDetector, fit: Fit, train: Matrix, fresh: Matrix): Promise<BatchScores | undefined> {
  if (detector.id === "cof") {
    const together = (await fit(fresh)).trainingScores;
    return { together, alone: (neighbourCount) => plainCofScores(train, fresh, neighbourCount) };
  }
  if (detector.id !== "ecod" && detector.id !== "copod") return undefined;
  const together = (await fit(stacked(train, fresh))).trainingScores.subarray(train.rowCount);
  const alone = new Float64Array(fresh.rowCount);
  for (let row = 0; row < fresh.rowCount; row++) {
    const fitted = await fit(stacked(train, rowRange(fresh, row, row + 1)));
    alone[row] = fitted.trainingScores[train.rowCount];
  }
  return { together, alone: () => alone };
}

function stacked(upper: Matrix, lower: Matrix): Matrix {
  const values = new Float64Array(upper.values.length + lower.values.length);
  values.set(upper.values);
  values.set(lower.values, upper.values.length);
  return { rowCount: upper.rowCount + lower.rowCount, columnCount: upper.columnCount, values };
}

/** MCD starts at random: another half of the rows may be found, but location and covariance decide the scores. */
function formulaScores({ parityCase, scores, detector }: ParityQuestion): Float64Array | undefined {
  if (detector.id !== "mcd") return undefined;
  const location = Float64Array.from(scores.fit?.["location"] as number[]);
  const covariance = matrixFromRows(scores.fit?.["covariance"] as number[][]);
  const kernels = kernelsByName("reference");
  const factor = atOnce(atOnce(whiten(covariance.values, location.length, kernels)).factor());
  const model = detector.restore({ values: {}, arrays: { location, factor } }, kernels);
  return scoresOf(model, parityCase.train);
}

/** Two orders of equally near rows may agree by chance: with more orders, few rows that a tie decides stay unmoved. */
const orderCount = 40;
const moved = 1e-9;

interface OrderMoves {
  readonly training: boolean[];
  readonly fresh: boolean[];
}

async function orderMoves(
  fit: Fit,
  { parityCase: { train, fresh } }: ParityQuestion,
  scores: { readonly training: Float64Array; readonly fresh: Float64Array },
): Promise<OrderMoves> {
  const moves = { training: Array.from(scores.training, () => false), fresh: Array.from(scores.fresh, () => false) };
  const note = (into: boolean[], row: number, a: number, b: number) => {
    if (Math.abs(a - b) > moved * Math.max(Math.abs(a), Math.abs(b))) into[row] = true;
  };
  for (let seed = 1; seed <= orderCount; seed++) {
    const order = Int32Array.from({ length: train.rowCount }, (_, row) => row);
    shuffle(order, createRandom(seed));
    const { model, trainingScores } = await fit(pickRows(train, order));
    for (const [at, row] of order.entries()) note(moves.training, row, trainingScores[at], scores.training[row]);
    for (const [row, score] of scoresOf(model, fresh).entries()) note(moves.fresh, row, score, scores.fresh[row]);
  }
  return moves;
}
