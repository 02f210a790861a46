"""Ten thousand small fits leave memory where it was, and the interpreter's end finds nothing left over."""

import gc
import pathlib
import subprocess
import sys

import numpy as np
import pytest

import jensen
from jensen.parameters import positive

STATUS = pathlib.Path("/proc/self/statm")


class Exponential(jensen.Family):
    parameters = {"mean": positive(1.0)}

    def log_density(self, X, theta):
        return -np.log(theta.mean) - X[:, 0] / theta.mean

    def fit(self, X, weights, theta):
        return {"mean": weights @ X[:, 0] / weights.sum()}


def pages():
    gc.collect()
    return int(STATUS.read_text().split()[1])


@pytest.mark.skipif(not STATUS.exists(), reason="memory is read from /proc")
def test_memory_stays_flat():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(24, 3))
    Y = np.abs(X[:12, :1]) + 0.1
    X[:12] += 5
    short = dict(n_components=2, random_state=0, n_init=1, n_jobs=1, max_iter=5)
    fits = [
        lambda: jensen.GaussianMixture(**short).fit(X).predict_proba(X.copy()),
        lambda: jensen.GaussianMixture(covariance_type="tied", **short).fit(X, sample_weight=np.ones(24)).sample(5),
        lambda: jensen.Mixture({"x1": "gaussian", "x2": "normal", "x3": "gaussian"}, **short).fit(X),
        lambda: jensen.HiddenMarkov(**short).fit(X, [12, 12]).predict(X),
        lambda: jensen.Mixture(Exponential(), n_components=1, random_state=0, n_init=1).fit(Y).score(Y),
    ]
    rounds, after = 2000, []
    for i in range(rounds):
        for fit in fits:
            fit()
        if i in (rounds // 5, rounds - 1):
            after.append(pages())
    # Eight thousand fits between the two: a leak of 100 bytes each would be 200 pages.
    assert after[1] - after[0] < 150


def test_a_family_of_a_script_is_no_leak():
    source = pathlib.Path(__file__).read_text()
    script = (source[source.index("class Exponential"):source.index("def pages")]
              + "model = jensen.Mixture(Exponential(), random_state=0).fit(np.ones((3, 1)))")
    done = subprocess.run(
        [sys.executable, "-c", "import numpy as np, jensen\nfrom jensen.parameters import positive\n" + script],
        capture_output=True, text=True, check=True)
    assert "leaked" not in done.stderr
