"""Runs one benchmark case on a Python peer and prints one line of JSON.

The case comes as JSON in argv[1]: module, class, params, file (raw float64), rows, columns, threads, mode.
mode "batch": seconds of fit and of scoring the same rows. mode "row": median seconds of scoring one row.
"""

import importlib
import inspect
import json
import resource
import statistics
import sys
import time
import warnings

warnings.filterwarnings("ignore")


def main():
    case = json.loads(sys.argv[1])
    import numpy as np

    rows = np.fromfile(case["file"], dtype=np.float64).reshape(case["rows"], case["columns"])
    make = getattr(importlib.import_module(case["module"]), case["class"])
    params = dict(case["params"])
    accepted = inspect.signature(make.__init__).parameters
    if "n_jobs" in accepted:
        params["n_jobs"] = case["threads"]
    if "random_state" in accepted:
        params["random_state"] = 1
    # A tenth of the rows first, as on our side, to load modules and compile code.
    make(**params).fit(rows[: case["rows"] // 10].copy())
    detector = make(**params)
    start = time.perf_counter()
    detector.fit(rows)
    fit_seconds = time.perf_counter() - start
    # scikit-learn's LocalOutlierFactor has neither: its fit has scored the rows.
    score = getattr(detector, "decision_function", None) or getattr(detector, "score_samples", None)
    if case["mode"] == "row":
        result = {"fit": fit_seconds, "score": row_seconds(score, rows)}
    else:
        start = time.perf_counter()
        if case["score"]:
            score(rows)
        result = {"fit": fit_seconds, "score": time.perf_counter() - start}
    result["peakBytes"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    print(json.dumps(result))


def row_seconds(score, rows):
    taken = []
    began = time.perf_counter()
    for index in range(1, 200):
        start = time.perf_counter()
        score(rows[index : index + 1])
        taken.append(time.perf_counter() - start)
        if time.perf_counter() - began > 10 and len(taken) >= 3:
            break
    return statistics.median(taken)


main()
