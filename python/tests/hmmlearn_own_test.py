"""hmmlearn's own tests of its classes, run against those of jensen.hmm: what fails is known, each with its reason."""

import pytest

from conftest import run_others_tests

pytest.importorskip("hmmlearn.hmm")

SHIM = """
import hmmlearn.hmm
from jensen import hmm
for name in hmm.__all__:
    setattr(hmmlearn.hmm, name, getattr(hmm, name))
"""

# docs/compatibility.md repeats them.
EXPECTED = {
    "test_fit_zero_variance": "a constant column is refused by name: no density exists",
    "test_fit_with_priors": "expects a later step to climb; between states so far apart the first one arrives",
    "test_underflow_from_scaling": "expects an underflow to raise; where scaled sums could underflow, logarithms are used",
    "test__check_and_set_categorical_n_features": "looks at a private function of hmmlearn's",
    "test__check_and_set_multinomial_n_features_n_trials": "looks at a private function of hmmlearn's",
}


def test_hmmlearns_own_tests(tmp_path):
    kinds = ("gaussian", "categorical", "poisson", "multinomial")
    failed, passed = run_others_tests(tmp_path, SHIM, [f"hmmlearn.tests.test_{kind}_hmm" for kind in kinds],
                                      HMMLEARN_SEED="0")
    assert set(failed) == set(EXPECTED)
    assert (passed, sum(map(len, failed.values()))) == (127, 21)
