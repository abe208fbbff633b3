"""Writes peer-one-row.json: what PyOD gives when new rows are scored one at a time, and a fitted LODA.

Run with Python 3.11, PyOD 3.6.5, numpy, scipy:  python peer-one-row.py > peer-one-row.json
The columns: skewed right, skewed left, whole numbers with ties, exactly symmetric, constant.
"""

import json

import numpy as np
from pyod.models.copod import COPOD
from pyod.models.ecod import ECOD
from pyod.models.loda import LODA

rng = np.random.RandomState(7)
n = 40
train = np.column_stack([
    np.exp(rng.randn(n)),
    -np.exp(rng.randn(n)) * 1000,
    rng.randint(0, 5, n),
    np.concatenate([np.arange(1, 21), -np.arange(1, 21)]),
    np.full(n, 3.0),
])
fresh = np.vstack([
    train[3],
    train[17],
    train.mean(axis=0),
    np.full(5, 1e6),
    np.full(5, -1e6),
    [0.5, -800.0, 2.5, 0.25, 3.0],
    [9.0, -10.0, 2.0, 21.0, 3.5],
    [1e-3, -1.0, 4.0, -20.0, 3.0],
])


def one_at_a_time(make):
    scores = []
    for row in fresh:
        model = make().fit(train)
        scores.append(float(model.decision_function(row.reshape(1, -1))[0]))
    return scores


def loda(n_bins):
    model = LODA(n_bins=n_bins, n_random_cuts=12, random_state=3).fit(train)
    return {
        "projections": model.projections_.tolist(),
        "limits": [list(map(float, limits)) for limits in model.limits_],
        "histograms": [list(map(float, histogram)) for histogram in model.histograms_],
        "decision_scores": model.decision_scores_.tolist(),
        "decision_function_new": model.decision_function(fresh).tolist(),
    }


print(json.dumps({
    "train": train.tolist(),
    "fresh": fresh.tolist(),
    "ecod": one_at_a_time(ECOD),
    "copod": one_at_a_time(COPOD),
    "loda_10": loda(10),
    "loda_auto": loda("auto"),
}))
