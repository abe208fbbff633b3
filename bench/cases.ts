/** What is measured: our detector, its peer, the size, and the ratio we want to reach. */

export interface PeerClass {
  readonly module: string;
  readonly class: string;
  readonly params: Readonly<Record<string, unknown>>;
}

export interface BenchCase {
  readonly group: "million" | "neighbours" | "ten-thousand" | "row";
  readonly detector: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly peer: PeerClass;
  readonly rowCount: number;
  readonly columnCount: number;
  /** "batch" times fit and scoring of all rows, "row" the scoring of one row. */
  readonly mode: "batch" | "row";
  /** Scores the fitted rows again after the fit. Off where fitting is scoring (neighbour methods) or the peer takes minutes. */
  readonly score: boolean;
  /** The peer's fit gives no training scores, so its fit and scoring are compared with our fit, which gives them. */
  readonly peerMustScore?: boolean;
  /** How many times faster we want to be, in fit and scoring together; for rows, microseconds not to exceed. */
  readonly target: number;
}

const million = { group: "million", rowCount: 1_000_000, columnCount: 10, mode: "batch", score: true } as const;
const tenThousand = { group: "ten-thousand", rowCount: 10_000, columnCount: 10, mode: "batch", score: true, target: 1 } as const;
const row = { group: "row", rowCount: 100_000, columnCount: 20, mode: "row", score: true } as const;

function pyod(module: string, name: string, params: Readonly<Record<string, unknown>> = {}): PeerClass {
  return { module: `pyod.models.${module}`, class: name, params };
}

const sklearnForest: PeerClass = {
  module: "sklearn.ensemble",
  class: "IsolationForest",
  params: { n_estimators: 100, max_samples: 256 },
};

function neighbourCases(columnCount: number, target: number): BenchCase[] {
  const size = { group: "neighbours", rowCount: 50_000, columnCount, mode: "batch", score: false, target } as const;
  // scikit-learn's fastest way at each width, found by trying kd_tree, ball_tree and brute.
  const algorithm = columnCount <= 8 ? "kd_tree" : "brute";
  return [
    { ...size, detector: "knn", params: { nNeighbors: 5 }, peer: pyod("knn", "KNN", { n_neighbors: 5, algorithm }) },
    {
      ...size,
      detector: "lof",
      params: { nNeighbors: 20 },
      peer: { module: "sklearn.neighbors", class: "LocalOutlierFactor", params: { n_neighbors: 20, algorithm } },
    },
  ];
}

export const benchCases: readonly BenchCase[] = [
  { ...million, detector: "isolation-forest", params: {}, peer: sklearnForest, score: false, peerMustScore: true, target: 15 },
  { ...million, detector: "isolation-forest", params: {}, peer: pyod("iforest", "IForest"), target: 20 },
  { ...million, detector: "ecod", params: {}, peer: pyod("ecod", "ECOD"), target: 10 },
  { ...million, detector: "copod", params: {}, peer: pyod("copod", "COPOD"), target: 10 },
  { ...million, detector: "hbos", params: {}, peer: pyod("hbos", "HBOS"), target: 10 },
  { ...million, detector: "loda", params: {}, peer: pyod("loda", "LODA"), target: 10 },
  { ...million, detector: "pca", params: {}, peer: pyod("pca", "PCA"), target: 10 },
  ...neighbourCases(8, 8),
  ...neighbourCases(32, 3),
  ...neighbourCases(128, 1),
  { ...tenThousand, detector: "mcd", params: {}, peer: pyod("mcd", "MCD") },
  { ...tenThousand, detector: "gmm", params: { nComponents: 3 }, peer: pyod("gmm", "GMM", { n_components: 3 }) },
  { ...tenThousand, detector: "kde", params: {}, peer: pyod("kde", "KDE") },
  { ...tenThousand, detector: "cblof", params: {}, peer: pyod("cblof", "CBLOF") },
  { ...tenThousand, detector: "ocsvm", params: {}, peer: pyod("ocsvm", "OCSVM") },
  { ...tenThousand, detector: "abod", params: {}, peer: pyod("abod", "ABOD") },
  { ...tenThousand, detector: "cof", params: {}, peer: pyod("cof", "COF"), score: false },
  { ...tenThousand, detector: "inne", params: {}, peer: pyod("inne", "INNE") },
  { ...tenThousand, detector: "sampling", params: {}, peer: pyod("sampling", "Sampling") },
  { ...tenThousand, detector: "isolation-forest", params: {}, peer: pyod("iforest", "IForest") },
  { ...tenThousand, detector: "extended-isolation-forest", params: {}, peer: pyod("iforest", "IForest") },
  { ...tenThousand, detector: "knn", params: {}, peer: pyod("knn", "KNN") },
  { ...tenThousand, detector: "lof", params: {}, peer: pyod("lof", "LOF") },
  { ...row, detector: "ecod", params: {}, peer: pyod("ecod", "ECOD"), target: 50 },
  { ...row, detector: "copod", params: {}, peer: pyod("copod", "COPOD"), target: 50 },
  { ...row, detector: "hbos", params: {}, peer: pyod("hbos", "HBOS"), target: 50 },
  { ...row, detector: "pca", params: {}, peer: pyod("pca", "PCA"), target: 50 },
  { ...row, detector: "loda", params: {}, peer: pyod("loda", "LODA"), target: 50 },
  { ...row, detector: "mcd", params: {}, peer: pyod("mcd", "MCD"), target: 50 },
  { ...row, detector: "isolation-forest", params: {}, peer: pyod("iforest", "IForest"), target: 50 },
  { ...row, detector: "extended-isolation-forest", params: {}, peer: pyod("iforest", "IForest"), target: 50 },
  { ...row, detector: "knn", params: {}, peer: pyod("knn", "KNN"), target: 1000 },
  { ...row, detector: "lof", params: {}, peer: pyod("lof", "LOF"), target: 1000 },
  { ...row, detector: "abod", params: {}, peer: pyod("abod", "ABOD"), target: 1000 },
];
