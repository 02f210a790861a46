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

# Fits of up to five states to 4000 rows, which take minutes, and then asserts of a criterion that it is not 0.
LEFT_OUT = "not (GMMHMM and test_criterion)"

# docs/compatibility.md repeats them.
EXPECTED = {
    "test_fit_zero_variance": "a constant column is refused by name: no density exists",
    "test_fit_with_priors": "expects a later step to climb; between states so far apart the first one arrives",
    "test_underflow_from_scaling": "expects an underflow to raise; where scaled sums could underflow, logarithms are used",
    "test__check_and_set_categorical_n_features": "looks at a private function of hmmlearn's",
    "test_chunked": "of two optima alike up to the order of states, the cuts of the data choose one",
    "test_gmmhmm_multi_sequence_fit_invariant_to_sequence_ordering":
        "the best of ten starts, drawn by row number, is in one of the orders an optimum that the others do not meet",
    "test__check_and_set_multinomial_n_features_n_trials": "looks at a private function of hmmlearn's",
}


def test_hmmlearns_own_tests(tmp_path):
    kinds = ("gaussian_hmm", "gmm_hmm", "gmm_hmm_new", "gmm_hmm_multisequence", "categorical_hmm", "poisson_hmm",
             "multinomial_hmm")
    failed, passed = run_others_tests(
        tmp_path, SHIM, [*(f"hmmlearn.tests.test_{kind}" for kind in kinds), "-k", LEFT_OUT], HMMLEARN_SEED="0")
    assert set(failed) == set(EXPECTED)
    assert (passed, sum(map(len, failed.values()))) == (197, 24)
