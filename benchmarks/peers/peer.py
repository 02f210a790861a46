"""What every program in Python does around its fit: read the task, time the runs, print the answer."""
import json
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np


def read_task():
    """FOLDER STRUCTURE ITERATIONS...: the data, the start and how often to iterate."""
    folder = Path(sys.argv[1])
    start = json.loads((folder / "start.json").read_text())
    structure, covariances = sys.argv[2], np.array(start["covariances"])
    if structure == "diagonal":
        covariances = covariances.diagonal(axis1=1, axis2=2).copy()
    return SimpleNamespace(
        x=np.load(folder / "data.npy"), structure=structure, iterations=[int(n) for n in sys.argv[3:]],
        weights=np.array(start["weights"]), means=np.array(start["means"]), covariances=covariances)


def answer(task, version, prepare, fit, log_likelihood):
    """For each count a fresh model from prepare(iterations), timed in fit(model); log_likelihood(model) is not timed."""
    runs = []
    for iterations in task.iterations:
        model = prepare(iterations)
        begun = time.perf_counter()
        fitted = fit(model)
        seconds = time.perf_counter() - begun
        model = model if fitted is None else fitted
        runs.append({"iterations": iterations, "seconds": seconds, "log_likelihood": float(log_likelihood(model))})
    print(json.dumps({"version": version, "runs": runs}))
