"""jensen.GaussianMixture: what it computes, and what it refuses."""

import pickle
import signal
import threading
import warnings

import numpy as np
import pytest

import jensen
from jensen import GaussianMixture

STRUCTURES = ["full", "tied", "diag", "spherical", "EII", "EEI", "VEI", "EVI", "VEE", "EVE", "VVE", "EEV", "VEV", "EVV"]


def density(X, weights, means, covariances):
    """log Σ π N(x; μ, Σ), written out."""
    total = np.zeros(len(X))
    for weight, mean, covariance in zip(weights, means, covariances):
        centered = X - mean
        distance = np.einsum("ij,jk,ik->i", centered, np.linalg.inv(covariance), centered)
        total += weight * np.exp(-distance / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))
    return np.log(total)


def matrices(mixture):
    components, columns = mixture.means_.shape
    covariances = mixture.covariances_
    if mixture.covariance_type == "tied":
        return np.broadcast_to(covariances, (components, columns, columns))
    if mixture.covariance_type == "diag":
        return covariances[:, :, None] * np.eye(columns)
    if mixture.covariance_type == "spherical":
        return covariances[:, None, None] * np.eye(columns)
    return covariances


@pytest.mark.parametrize("structure", STRUCTURES)
def test_density_is_that_of_the_attributes(faithful, structure):
    mixture = GaussianMixture(3, covariance_type=structure, random_state=1, n_init=2).fit(faithful)
    expected = density(faithful, mixture.weights_, mixture.means_, matrices(mixture))
    np.testing.assert_allclose(mixture.score_samples(faithful), expected, rtol=1e-10)
    assert mixture.score(faithful) == pytest.approx(expected.mean())
    assert mixture.report_.log_likelihood == pytest.approx(expected.sum())
    p = mixture.report_.free_parameters
    assert mixture.bic(faithful) == pytest.approx(-2 * expected.sum() + p * np.log(len(faithful)))
    assert mixture.aic(faithful) == pytest.approx(-2 * expected.sum() + 2 * p)
    assert mixture.bic(faithful) == pytest.approx(mixture.report_.bic)
    probabilities = mixture.predict_proba(faithful)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    np.testing.assert_array_equal(mixture.predict(faithful), probabilities.argmax(axis=1))


@pytest.mark.parametrize("structure", STRUCTURES)
def test_precisions_invert_covariances(iris, structure):
    mixture = GaussianMixture(2, covariance_type=structure, random_state=0, n_init=1).fit(iris)
    if structure in ("diag", "spherical"):
        np.testing.assert_allclose(mixture.precisions_, 1 / mixture.covariances_)
        np.testing.assert_allclose(mixture.precisions_cholesky_**2, mixture.precisions_)
        return
    identity = np.broadcast_to(np.eye(4), mixture.covariances_.shape)
    np.testing.assert_allclose(mixture.precisions_ @ mixture.covariances_, identity, atol=1e-9)
    upper = mixture.precisions_cholesky_
    np.testing.assert_array_equal(np.tril(upper, -1), 0)
    np.testing.assert_allclose(upper @ np.swapaxes(upper, -1, -2), mixture.precisions_)


def test_structures_differ(faithful):
    bics = {s: GaussianMixture(3, covariance_type=s, random_state=1).fit(faithful).report_.bic for s in STRUCTURES}
    assert len({round(bic, 6) for bic in bics.values()}) == len(STRUCTURES)
    same = GaussianMixture(3, covariance_type="VVV", random_state=1).fit(faithful)
    assert same.report_.bic == bics["full"]


def test_any_number_of_threads_gives_the_same_bits(faithful):
    one, four = (GaussianMixture(3, random_state=5, n_jobs=n).fit(faithful) for n in (1, 4))
    np.testing.assert_array_equal(one.means_, four.means_)
    np.testing.assert_array_equal(one.predict_proba(faithful), four.predict_proba(faithful))


def test_missing_cells_are_integrated_out(iris):
    X = iris.copy()
    X[::7, 1] = np.nan
    X[3] = np.nan
    mixture = GaussianMixture(2, random_state=0).fit(X)
    assert mixture.converged_
    row = X[7]
    seen = ~np.isnan(row)
    marginal = density(row[None, seen], mixture.weights_, mixture.means_[:, seen],
                       mixture.covariances_[:, seen][:, :, seen])
    assert mixture.score_samples(row[None])[0] == pytest.approx(marginal[0])
    assert mixture.score_samples(X[3:4])[0] == pytest.approx(0, abs=1e-12)
    filled = mixture.impute(X)
    assert not np.isnan(filled).any()
    np.testing.assert_array_equal(filled[~np.isnan(X)], X[~np.isnan(X)])
    np.testing.assert_allclose(filled[3], mixture.weights_ @ mixture.means_)


def test_weights_count_as_repeated_rows(faithful):
    weights = np.random.default_rng(0).integers(0, 4, len(faithful))
    start = dict(weights_init=[0.5, 0.5], means_init=[[2, 55], [4, 80]], precisions_init=[np.diag([4, 0.03])] * 2)
    weighted = GaussianMixture(2, **start).fit(faithful, sample_weight=weights)
    repeated = GaussianMixture(2, **start).fit(np.repeat(faithful, weights, axis=0))
    np.testing.assert_allclose(weighted.means_, repeated.means_, rtol=1e-7)
    assert weighted.report_.bic == pytest.approx(repeated.report_.bic)
    sampled = GaussianMixture(2, **start, weight_kind="sampling").fit(faithful, sample_weight=weights)
    assert sampled.report_.observations == (weights > 0).sum()


def test_labels_hold_rows_in_their_components(faithful):
    labels = np.full(len(faithful), -1)
    long = faithful[:, 0] > 3
    labels[np.flatnonzero(long)[:5]] = 0
    labels[np.flatnonzero(~long)[:5]] = 1
    mixture = GaussianMixture(2, random_state=0).fit(faithful, labels=labels)
    assert mixture.means_[0, 0] > 4 > 3 > mixture.means_[1, 0]
    with pytest.raises(jensen.DataError, match="row 1"):
        GaussianMixture(2).fit(faithful, labels=np.full(len(faithful), 2))


def test_priors(faithful):
    bounded = GaussianMixture(2, random_state=0).fit(faithful).report_
    plain = GaussianMixture(2, random_state=0, prior="none").fit(faithful).report_
    assert bounded.log_prior < 0 == plain.log_prior
    assert plain.log_likelihood > bounded.log_likelihood
    spike = np.concatenate([faithful, [[3, 70]] * 3])
    start = dict(weights_init=[0.95, 0.05], means_init=[[3.5, 70.5], [3, 70]],
                 precisions_init=[np.diag([1, 0.01]), np.diag([1e4, 1e3])])
    with pytest.warns(jensen.DegenerateComponentWarning, match="component 1"), \
            pytest.warns(jensen.ConvergenceWarning, match="unbounded"):
        collapsed = GaussianMixture(2, prior="none", **start).fit(spike)
    assert collapsed.report_.degeneracies[0]["component"] == 1
    assert set(collapsed.report_.degeneracies[0]["rows"]) <= set(range(len(spike)))


def test_ends_before_convergence_are_warned_of(faithful):
    with pytest.warns(jensen.ConvergenceWarning, match="max_iter"):
        mixture = GaussianMixture(3, max_iter=2, random_state=0).fit(faithful)
    assert not mixture.converged_
    assert mixture.n_iter_ == 2
    assert mixture.report_.outcome == "iteration_limit"


def test_tolerance_and_starts(faithful):
    loose = GaussianMixture(3, tol=1e-2, random_state=0, n_init=1).fit(faithful)
    tight = GaussianMixture(3, tol=1e-10, random_state=0, n_init=1).fit(faithful)
    assert loose.n_iter_ < tight.n_iter_
    assert len(GaussianMixture(3, random_state=0).fit(faithful).report_.starts) == 10
    assert len(GaussianMixture(3, random_state=0, n_init=4).fit(faithful).report_.starts) == 4
    assert len(GaussianMixture(3, init_params="hierarchical").fit(faithful).report_.starts) == 1
    first = {init: GaussianMixture(3, random_state=0, n_init=1, init_params=init).fit(faithful).lower_bounds_[0]
             for init in ("kmeans", "k-means++", "random", "hierarchical", "short-runs", "annealed")}
    assert first.pop("kmeans") == first["k-means++"]
    assert len(set(first.values())) == len(first)


def test_algorithms_and_accelerations(faithful):
    plain = GaussianMixture(3, random_state=0, n_init=1, acceleration="none").fit(faithful)
    fast = GaussianMixture(3, random_state=0, n_init=1, acceleration="squarem").fit(faithful)
    assert fast.report_.evaluations != plain.report_.evaluations
    assert fast.score(faithful) == pytest.approx(plain.score(faithful), abs=1e-6)
    hard = GaussianMixture(3, random_state=0, n_init=1, algorithm="classification").fit(faithful)
    assert hard.score(faithful) < plain.score(faithful) - 1e-4


def test_starts_that_are_given_in_part(faithful):
    means = [[4.3, 80.0], [2.0, 54.5]]
    mixture = GaussianMixture(2, means_init=means, random_state=0, n_init=3).fit(faithful)
    np.testing.assert_allclose(mixture.means_, means, atol=0.1)
    turned = GaussianMixture(2, means_init=means[::-1], random_state=0, n_init=1).fit(faithful)
    np.testing.assert_allclose(turned.means_[::-1], mixture.means_, rtol=1e-4)
    begun = GaussianMixture(2, weights_init=[0.9, 0.1], random_state=0, n_init=1).fit(faithful)
    other = GaussianMixture(2, weights_init=[0.1, 0.9], random_state=0, n_init=1).fit(faithful)
    assert begun.lower_bounds_[0] != other.lower_bounds_[0]
    tight = GaussianMixture(2, precisions_init=[np.diag([100, 1])] * 2, random_state=0, n_init=1).fit(faithful)
    assert tight.lower_bounds_[0] < begun.lower_bounds_[0]


def test_warm_start_goes_on(faithful):
    mixture = GaussianMixture(3, random_state=0, n_init=1, max_iter=5, warm_start=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        first = mixture.fit(faithful).lower_bound_
        second = mixture.fit(faithful)
    assert second.lower_bounds_[0] == pytest.approx(first)
    assert second.lower_bound_ > first
    with pytest.raises(jensen.ArgumentError, match="warm_start"):
        mixture.set_params(n_components=2).fit(faithful)


def test_random_state(faithful):
    def of(state):
        return GaussianMixture(4, n_init=1, random_state=state, init_params="random").fit(faithful).lower_bounds_[0]

    assert of(1) == of(1) != of(2)
    assert of(np.random.RandomState(1)) == of(np.random.RandomState(1))
    assert of(np.random.default_rng(1)) == of(np.random.default_rng(1)) != of(np.random.default_rng(2))
    np.random.seed(3)
    first = of(None)
    assert of(None) != first
    np.random.seed(3)
    assert of(None) == first


def test_sample_follows_the_model(faithful):
    mixture = GaussianMixture(2, random_state=0).fit(faithful)
    X, y = mixture.sample(20000)
    np.testing.assert_allclose(np.bincount(y) / len(y), mixture.weights_, atol=0.02)
    for k in range(2):
        np.testing.assert_allclose(X[y == k].mean(axis=0), mixture.means_[k], rtol=0.02)
        np.testing.assert_allclose(np.cov(X[y == k].T), mixture.covariances_[k], rtol=0.1)
    np.testing.assert_array_equal(mixture.sample(5)[0], X[:5])
    with pytest.raises(ValueError, match="at least one sample"):
        mixture.sample(0)


def test_attributes_set_by_hand_make_a_model(faithful):
    fitted = GaussianMixture(2, random_state=0).fit(faithful)
    made = GaussianMixture(2)
    made.weights_, made.means_ = fitted.weights_.copy(), fitted.means_.copy()
    made.precisions_cholesky_ = fitted.precisions_cholesky_.copy()
    np.testing.assert_allclose(made.score_samples(faithful), fitted.score_samples(faithful))
    fitted.means_ = fitted.means_ + 1
    assert fitted.score(faithful) < made.score(faithful)
    with pytest.raises(ValueError, match="read-only"):
        made.weights_[0] = 1


@pytest.mark.parametrize(
    "parameters, message",
    [
        ({"n_components": 0}, "n_components"),
        ({"n_components": 300}, "components"),
        ({"covariance_type": "wrong"}, "wrong"),
        ({"covariance_type": 3}, "covariance_type"),
        ({"reg_covar": 1e-3}, "reg_covar"),
        ({"init_params": "random_from_data"}, "init_params"),
        ({"tol": -1}, "tolerance"),
        ({"max_iter": -1}, "max_iterations"),
        ({"n_init": 0}, "restarts"),
        ({"prior": "strong"}, "prior"),
        ({"algorithm": "best"}, "algorithm"),
        ({"acceleration": "best"}, "acceleration"),
        ({"weights_init": [0.5, 0.6]}, "weights_init.*normalized"),
        ({"weights_init": [1.5, -0.5]}, "weights_init.*range"),
        ({"weights_init": [1.0]}, "weights_init"),
        ({"means_init": [[1.0, 2.0]]}, "means_init"),
        ({"precisions_init": [[1.0, 2.0]]}, "precisions_init"),
        ({"precisions_init": [-np.eye(2)] * 2}, "precisions_init.*positive"),
        ({"precisions_init": [[[1.0, 0.5], [0.0, 1.0]]] * 2}, "precisions_init.*symmetric"),
        ({"precisions_init": [1.0, -1.0], "covariance_type": "spherical"}, "precisions_init.*positive"),
        ({"verbose_interval": 0}, "verbose_interval"),
        ({"n_jobs": 0}, "n_jobs"),
        ({"random_state": -1}, "random_state"),
        ({"random_state": "now"}, "random_state"),
    ],
)
def test_refusals_name_the_parameter(faithful, parameters, message):
    with pytest.raises(ValueError, match=message):
        GaussianMixture(**{"n_components": 2, **parameters}).fit(faithful)


def test_weight_kind_is_checked(faithful):
    with pytest.raises(jensen.ArgumentError, match="weight_kind"):
        GaussianMixture(2, weight_kind="best").fit(faithful, sample_weight=np.ones(len(faithful)))


def test_bad_cells_are_named(faithful):
    X = faithful.copy()
    X[4, 1] = np.inf
    with pytest.raises(jensen.DataError, match="row 5, column 'x2'"):
        GaussianMixture(2).fit(X)
    with pytest.raises(jensen.DataError, match="row 3"):
        GaussianMixture(2).fit(faithful, sample_weight=[1, 1, -1] + [1] * (len(faithful) - 3))


def test_unfitted(faithful):
    for method in ("predict", "predict_proba", "score_samples", "score", "bic", "impute"):
        with pytest.raises(jensen.NotFittedError, match="not fitted"):
            getattr(GaussianMixture(), method)(faithful)
    with pytest.raises(jensen.NotFittedError):
        GaussianMixture().sample()


def test_callback_sees_every_iteration_and_may_stop(faithful):
    seen = []
    GaussianMixture(2, random_state=0, n_init=2, callback=seen.append).fit(faithful)
    assert {p["start"] for p in seen} == {0, 1}
    assert all(p["starts"] == 2 for p in seen)
    with pytest.warns(jensen.ConvergenceWarning, match="stopped"):
        stopped = GaussianMixture(2, random_state=0, n_init=1, acceleration="none",
                                  callback=lambda p: p["iteration"] == 3).fit(faithful)
    assert stopped.n_iter_ == 3
    with pytest.raises(ZeroDivisionError):
        GaussianMixture(2, random_state=0, callback=lambda p: 1 / 0).fit(faithful)


def test_verbose_prints(faithful, capsys):
    GaussianMixture(2, random_state=0, n_init=1, verbose=1, verbose_interval=5).fit(faithful)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("start 1/1, iteration 0, log-likelihood")
    assert all(int(line.split("iteration ")[1].split(",")[0]) % 5 == 0 for line in lines)


def endless():
    X = np.random.default_rng(0).normal(size=(20000, 4))
    return GaussianMixture(20, tol=0, max_iter=10**6, n_init=1, random_state=0), X


def test_interrupt_returns_the_best_so_far():
    mixture, X = endless()

    def press(step):
        if step["iteration"] == 2:
            signal.raise_signal(signal.SIGINT)

    mixture.callback = press
    with pytest.warns(jensen.ConvergenceWarning, match="Ctrl-C"):
        mixture.fit(X)  # would not end otherwise
    assert mixture.report_.outcome == "stopped_by_caller"
    assert mixture.score(X) > -10


def test_other_threads_run_during_a_fit():
    mixture, X = endless()
    begun, ticks = threading.Event(), []

    def stop(step):
        begun.set()
        return len(ticks) > 20

    mixture.callback = stop

    def tick():
        begun.wait()
        while len(ticks) <= 20:
            ticks.append(len(ticks))

    ticker = threading.Thread(target=tick)
    ticker.start()
    with pytest.warns(jensen.ConvergenceWarning):
        mixture.fit(X)  # ends when the other thread has run
    ticker.join()
    assert mixture.report_.outcome == "stopped_by_caller"


def test_two_fits_in_two_threads(faithful):
    expected = GaussianMixture(3, random_state=0).fit(faithful).means_
    results = []
    threads = [threading.Thread(target=lambda: results.append(GaussianMixture(3, random_state=0).fit(faithful).means_))
               for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for means in results:
        np.testing.assert_array_equal(means, expected)
    assert len(results) == 4


def test_pickle_keeps_every_bit(faithful):
    mixture = GaussianMixture(2, random_state=0).fit(faithful)
    state = mixture.__getstate__()
    assert state["_model"].startswith(b"{")
    assert not any("covariances" in name for name in state)
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_array_equal(again.score_samples(faithful), mixture.score_samples(faithful))
    np.testing.assert_array_equal(again.covariances_, mixture.covariances_)
    assert again.report_.bic == mixture.report_.bic
    assert again.get_params() == mixture.get_params()
    assert pickle.loads(pickle.dumps(GaussianMixture(4))).n_components == 4


def test_repr():
    assert repr(GaussianMixture()) == "GaussianMixture()"
    assert repr(GaussianMixture(3, covariance_type="VVE")) == "GaussianMixture(n_components=3, covariance_type='VVE')"
    assert "GaussianMixture(n_components=3)" in GaussianMixture(3)._repr_html_()


def test_report_prints(faithful):
    mixture = GaussianMixture(2, random_state=0).fit(faithful)
    assert mixture.report_.converged
    assert "converged" in repr(mixture.report_)
    trace = mixture.report_.trace
    assert trace.columns[0] == "iteration"
    assert (np.diff(trace["objective"]) >= -1e-6).all()
    assert "log_likelihood" in repr(trace)
    assert "<table>" in trace._repr_html_()
    assert "converged" in mixture._repr_html_()


def test_standard_errors_are_those_of_a_normal_sample():
    X = np.random.default_rng(0).normal(3, 2, size=(400, 1))
    mixture = GaussianMixture(1, prior="none").fit(X)
    table = mixture.standard_errors(X)
    rows = {row["parameter"]: row for row in table.rows()}
    mean = rows["mean[0,0]"]
    assert mean["estimate"] == pytest.approx(X.mean())
    assert mean["standard_error"] == pytest.approx(X.std() / 20, rel=1e-4)
    assert mean["lower"] == pytest.approx(X.mean() - 1.959964 * X.std() / 20, rel=1e-4)
    assert rows["weight[0]"]["not_available"]
    assert table.method == "oakes"
    wide = mixture.standard_errors(X, method="sandwich", level=0.99)
    assert wide.method == "sandwich"
    assert wide.level == 0.99
    drawn = mixture.standard_errors(X, method="bootstrap", replicates=30)
    assert drawn.replicates == 30
    assert drawn.intervals == "percentile"
    with pytest.raises(ValueError, match="intervals"):
        mixture.standard_errors(X, intervals="percentile")


def test_standard_errors_know_the_prior_after_a_pickle(faithful):
    mixture = GaussianMixture(2, random_state=0, tol=1e-12).fit(faithful)
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_allclose(again.standard_errors(faithful)["standard_error"],
                               mixture.standard_errors(faithful)["standard_error"], rtol=1e-9)
