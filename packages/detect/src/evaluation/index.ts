/** Evaluation against true labels. */

export { confusion, f1, precision, recall } from "./confusion.ts";
export type { Confusion } from "./confusion.ts";
export type { Labels } from "./labels.ts";
export { averagePrecision, precisionAtN, rocAuc, rocCurve } from "./ranking.ts";
export type { RocPoint } from "./ranking.ts";
export { averageRanks, correlation } from "./agreement.ts";
export { topIndexes } from "./top-indexes.ts";
