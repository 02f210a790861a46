"""Numbers of other software (tests/golden/README.md), through Python."""

import numpy as np
import pytest

from conftest import golden_cases, read_columns
from jensen import GaussianMixture

# One case is about data that a program of its own draws.
CASES = [case for case in golden_cases("gaussian_mixture") if "path" in case["dataset"]]
CLASSIC = ("full", "tied", "diagonal", "spherical")
NAMES = {"diagonal": "diag"}


def data_of(case):
    X = read_columns(case["dataset"]["path"], case["dataset"]["columns"])
    if "transform" in case["dataset"]:
        assert case["dataset"]["transform"].startswith("each column minus its mean, divided by its standard deviation")
        X = (X - X.mean(axis=0)) / X.std(axis=0)
    return X


def start_from_labels(X, labels, structure):
    """What an M-step makes of hard labels."""
    members = [X[labels == k] for k in range(labels.max() + 1)]
    counts = np.array([len(x) for x in members])
    scatter = np.array([(x - x.mean(axis=0)).T @ (x - x.mean(axis=0)) for x in members])
    covariances = scatter / counts[:, None, None]
    precisions = {
        "full": lambda: np.linalg.inv(covariances),
        "tied": lambda: np.linalg.inv(scatter.sum(axis=0) / len(X)),
        "diagonal": lambda: 1 / np.diagonal(covariances, axis1=1, axis2=2),
        "spherical": lambda: 1 / np.diagonal(covariances, axis1=1, axis2=2).mean(axis=1),
    }[structure]()
    return dict(weights_init=counts / len(X), means_init=[x.mean(axis=0) for x in members],
                precisions_init=precisions)


def start_of(case, X):
    init = case["init"]
    if init["type"] == "labels_then_mstep":
        return start_from_labels(X, np.array(init["labels"]), case["covariance"])
    weights = np.array(init["weights"])
    return dict(weights_init=weights / weights.sum(), means_init=init["means"], precisions_init=init["precisions"])


def mixture_for(case, **parameters):
    return GaussianMixture(case["components"], covariance_type=NAMES.get(case["covariance"], case["covariance"]),
                           prior="none", **parameters)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [c for c in CASES if "init" in c and c["covariance"] in CLASSIC],
                         ids=lambda c: c["id"])
def test_same_end_from_the_same_start(case):
    X = data_of(case)
    mixture = mixture_for(case, tol=1e-13, max_iter=20000, **start_of(case, X)).fit(X)
    expected, tolerance = case["result"], case["tolerance"]
    assert mixture.report_.log_likelihood == pytest.approx(expected["loglik"], abs=tolerance["loglik_abs"])
    assert mixture.report_.free_parameters == expected["n_params"]
    assert mixture.bic(X) == pytest.approx(expected["bic"], abs=2 * tolerance["loglik_abs"])
    for name in ("weights", "means"):
        own = getattr(mixture, name + "_")
        np.testing.assert_allclose(own, np.reshape(expected["params"][name], own.shape), rtol=tolerance["params_rel"],
                                   atol=tolerance["params_rel"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [c for c in CASES if "trajectory" in c], ids=lambda c: c["id"])
def test_same_way_from_the_same_start(case):
    X = data_of(case)
    iterations = max(map(int, case["trajectory"]))
    report = mixture_for(case, tol=0, max_iter=iterations, acceleration="none", **start_of(case, X)).fit(X).report_
    way = dict(zip(report.trace["iteration"].tolist(), report.trace["log_likelihood"].tolist()))
    for iteration, log_likelihood in case["trajectory"].items():
        assert way[int(iteration)] == pytest.approx(log_likelihood, abs=case["tolerance"]["loglik_abs"])


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", [c for c in CASES if c.get("best_known", {}).get("same_as_result")],
                         ids=lambda c: c["id"])
def test_own_starts_reach_the_best_known(case):
    X = data_of(case)
    mixture = mixture_for(case, random_state=1, n_init=20).fit(X)
    assert mixture.report_.log_likelihood > case["best_known"]["loglik"] - 1e-4
