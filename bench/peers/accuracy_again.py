"""Mean accuracy of the reference's random detectors over many seeds, to see how far five seeds lie from it.

Usage: accuracy_again.py FOLDER_OF_SETS SEEDS [DETECTOR ...]   (sets as gzip CSV with a column "label")
Prints, for each detector, the mean ROC-AUC and average precision over all sets and seeds, and each set's mean and deviation.
"""

import gzip
import sys
import warnings
from pathlib import Path

import numpy as np
from pyod.models.cblof import CBLOF
from pyod.models.iforest import IForest
from pyod.models.inne import INNE
from pyod.models.loda import LODA
from pyod.models.sampling import Sampling
from sklearn.cluster import KMeans
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.preprocessing import MinMaxScaler

warnings.filterwarnings("ignore")

MAKERS = {
    "loda": lambda seed: LODA(random_state=seed),
    # Ten starts, as scikit-learn did by default when the reference figures were made.
    "cblof": lambda seed: CBLOF(random_state=seed, clustering_estimator=KMeans(n_clusters=8, n_init=10, random_state=seed)),
    "isolation-forest": lambda seed: IForest(random_state=seed),
    "inne": lambda seed: INNE(random_state=seed),
    "sampling": lambda seed: Sampling(random_state=seed),
}


def read(file):
    with gzip.open(file, "rt") as lines:
        table = np.loadtxt(lines, delimiter=",", skiprows=1)
    return MinMaxScaler().fit_transform(table[:, :-1]), table[:, -1]


def main():
    folder, seeds, names = Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:] or list(MAKERS)
    for name in names:
        means = []
        for file in sorted(folder.glob("*.csv.gz")):
            rows, labels = read(file)
            figures = []
            for seed in range(seeds):
                scores = MAKERS[name](seed).fit(rows).decision_scores_
                figures.append((roc_auc_score(labels, scores), average_precision_score(labels, scores)))
            center, spread = np.mean(figures, axis=0), np.std(figures, axis=0)
            means.append(center)
            print(f"{name} {file.name}: {center[0]:.4f} ({spread[0]:.4f}) {center[1]:.4f} ({spread[1]:.4f})", flush=True)
        print(f"{name}: mean {np.mean(means, axis=0)[0]:.4f} {np.mean(means, axis=0)[1]:.4f} over {seeds} seeds", flush=True)


main()
