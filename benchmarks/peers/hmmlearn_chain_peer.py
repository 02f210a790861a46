"""Hidden Markov models from a given start. FOLDER KIND,sequences,length,d,K IMPLEMENTATION ITERATIONS..."""
import sys
import warnings
from pathlib import Path
from types import SimpleNamespace

import hmmlearn
import numpy as np
from hmmlearn.hmm import CategoricalHMM, GaussianHMM

from peer import answer

warnings.simplefilter("ignore")
folder, shape, implementation, *counts = sys.argv[1:]
kind, sequences, length, _, states = shape.split(",")
x = np.load(Path(folder) / "data.npy")
start = list(np.load(Path(folder) / "start.npz").values())
lengths = [int(length)] * int(sequences)


def prepare(iterations):
    common = dict(n_components=int(states), n_iter=iterations, tol=float("-inf"), init_params="",
                  implementation=implementation)
    if kind == "gaussian":
        # Without its prior, which would add 0.01 to the sums of squares.
        model = GaussianHMM(covariance_type="diag", covars_prior=0, min_covar=0, **common)
        model.n_features = x.shape[1]
        model.means_, model.covars_ = start[2], start[3]
    else:
        model = CategoricalHMM(n_features=start[2].shape[1], **common)
        model.emissionprob_ = start[2]
    model.startprob_, model.transmat_ = start[0], start[1]
    return model


def fit(model):
    model.fit(x, lengths)


answer(SimpleNamespace(iterations=[int(n) for n in counts]), hmmlearn.__version__, prepare, fit,
       lambda model: model.score(x, lengths))
