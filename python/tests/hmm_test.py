"""jensen.hmm: hmmlearn's classes."""

import json
import pickle
import subprocess

import numpy as np
import pytest

import jensen
from jensen import hmm


def gaussian(covariance_type="full", **options):
    model = hmm.GaussianHMM(2, covariance_type, **options)
    model.startprob_ = np.array([0.6, 0.4])
    model.transmat_ = np.array([[0.9, 0.1], [0.2, 0.8]])
    model.means_ = np.array([[0.0, 1.0], [5.0, -4.0]])
    model.covars_ = {"full": np.array([[[1.0, 0.3], [0.3, 2.0]], [[2.0, -0.5], [-0.5, 1.0]]]),
                     "tied": np.array([[1.0, 0.3], [0.3, 2.0]]), "diag": np.array([[1.0, 2.0], [2.0, 0.5]]),
                     "spherical": np.array([1.0, 2.0])}[covariance_type]
    return model


@pytest.fixture(scope="module")
def data():
    return gaussian().sample(300, random_state=1)[0]


KINDS = ["full", "tied", "diag", "spherical"]


def theirs(model):
    """hmmlearn's model of the same parameters."""
    others = pytest.importorskip("hmmlearn.hmm")
    other = getattr(others, type(model).__name__)(model.n_components)
    if hasattr(model, "covariance_type"):
        other.set_params(covariance_type=model.covariance_type)
    if hasattr(model, "n_mix"):
        other.set_params(n_mix=model.n_mix)
    for name in ("n_features", "startprob_", "transmat_", "weights_", "means_", "lambdas_", "emissionprob_"):
        if hasattr(model, name):
            setattr(other, name, getattr(model, name))
    covars = getattr(model, "_covars_", getattr(model, "covars_", None))
    if covars is not None:
        other.covars_ = covars
    return other


@pytest.mark.parametrize("kind", KINDS)
def test_given_parameters_say_what_hmmlearns_say(kind, data):
    model = gaussian(kind)
    other = theirs(model)
    lengths = [100, 150, 50]
    assert model.score(data, lengths) == pytest.approx(other.score(data, lengths))
    for algorithm in ("viterbi", "map"):
        value, path = model.decode(data, lengths, algorithm)
        expected, expected_path = other.decode(data, lengths, algorithm)
        assert value == pytest.approx(expected)
        np.testing.assert_array_equal(path, expected_path)
    np.testing.assert_allclose(model.predict_proba(data, lengths), other.predict_proba(data, lengths), atol=1e-9)
    np.testing.assert_allclose(model.covars_, other.covars_)
    assert model.bic(data, lengths) == pytest.approx(other.bic(data, lengths))
    assert model.aic(data, lengths) == pytest.approx(other.aic(data, lengths))
    np.testing.assert_allclose(model.get_stationary_distribution(), other.get_stationary_distribution())


def test_counts_and_categories_say_what_hmmlearns_say():
    poisson = hmm.PoissonHMM(2)
    categorical = hmm.CategoricalHMM(2)
    for model in (poisson, categorical):
        model.startprob_, model.transmat_ = np.array([0.3, 0.7]), np.array([[0.8, 0.2], [0.4, 0.6]])
    poisson.lambdas_ = np.array([[1.0, 4.0, 9.0], [3.0, 3.0, 0.5]])
    categorical.emissionprob_ = np.array([[0.1, 0.4, 0.5], [0.6, 0.3, 0.1]])
    for model in (poisson, categorical):
        X, _ = model.sample(200, random_state=3)
        assert X.dtype.kind == "i"
        assert model.score(X) == pytest.approx(theirs(model).score(X))
        np.testing.assert_array_equal(model.predict(X), theirs(model).predict(X))


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_from_given_parameters_climbs_where_hmmlearns_climbs(kind, data):
    others = pytest.importorskip("hmmlearn.hmm")
    own = gaussian(kind, init_params="", tol=1e-6).fit(data)
    other = others.GaussianHMM(2, kind, init_params="", covars_prior=0, covars_weight=0, min_covar=0, tol=1e-9,
                               n_iter=2000)
    begun = gaussian(kind)
    other.startprob_, other.transmat_, other.means_ = begun.startprob_, begun.transmat_, begun.means_
    other.covars_ = begun._covars_
    other.fit(data)
    assert own.score(data) == pytest.approx(other.score(data), abs=1e-2)
    np.testing.assert_allclose(own.means_, other.means_, atol=1e-2)
    np.testing.assert_allclose(own.transmat_, other.transmat_, atol=1e-3)
    variances = np.reshape(other._covars_, own._covars_.shape if kind != "spherical" else (2, -1))
    np.testing.assert_allclose(own._covars_, variances if kind != "spherical" else variances[:, 0], atol=2e-2)


def test_params_say_what_is_estimated(data):
    for letter, name in {"s": "startprob_", "t": "transmat_", "m": "means_", "c": "covars_"}.items():
        begun = gaussian("diag", init_params="", params="stmc".replace(letter, ""))
        kept = np.array(getattr(begun, name))
        others = {other: np.array(getattr(begun, other)) for other in ("transmat_", "means_", "covars_") if other != name}
        begun.fit(data)
        np.testing.assert_array_equal(getattr(begun, name), kept)
        for other, before in others.items():
            assert not np.allclose(getattr(begun, other), before)
    for letter, name in {"m": "means_", "c": "covars_"}.items():
        model = gaussian("full", init_params="st", params="stmc".replace(letter, ""))
        kept = np.array(getattr(model, name))
        np.testing.assert_array_equal(getattr(model.fit(data), name), kept)


def test_init_params_say_where_a_fit_begins(data, caplog):
    whole = hmm.GaussianHMM(2, "full", random_state=0).fit(data)
    order = np.argsort(whole.means_[:, 0])
    np.testing.assert_allclose(whole.means_[order], gaussian().means_, atol=0.5)
    np.testing.assert_allclose(whole.transmat_[order][:, order], gaussian().transmat_, atol=0.1)
    assert not caplog.records
    partly = gaussian(init_params="stc").fit(data)
    assert any("will be overwritten" in record.getMessage() for record in caplog.records)
    assert partly.score(data) == pytest.approx(whole.score(data), abs=0.1)
    left_right = hmm.GaussianHMM(2, "diag", init_params="mc", params="mct", random_state=0)
    left_right.startprob_, left_right.transmat_ = np.array([1.0, 0]), np.array([[0.5, 0.5], [0, 1]])
    left_right.fit(data)
    assert left_right.startprob_.tolist() == [1, 0] and left_right.transmat_[1].tolist() == [0, 1]


def test_the_monitor_and_the_report(data):
    model = hmm.GaussianHMM(2, random_state=0).fit(data)
    assert model.monitor_.converged and model.monitor_.iter == model.report_.iterations
    assert (np.diff(model.monitor_.history) > -1e-6).all()
    with pytest.warns(jensen.ConvergenceWarning):
        assert hmm.GaussianHMM(2, random_state=0, n_iter=1).fit(data).monitor_.converged is False


def test_priors_on_the_chain():
    X = np.array([[0], [0], [1], [1], [1], [0]])
    plain, counted = (hmm.CategoricalHMM(2, random_state=0, transmat_prior=prior, startprob_prior=prior).fit(X)
                      for prior in (1, 50))
    assert np.abs(counted.transmat_ - 0.5).max() < np.abs(plain.transmat_ - 0.5).max()
    for refused in ({"transmat_prior": 0.5}, {"startprob_prior": [1, 2]}, {"emissionprob_prior": 3}, {"params": "x"}):
        with pytest.raises(ValueError, match=next(iter(refused))):
            hmm.CategoricalHMM(2, **refused).fit(X)
    with pytest.raises(ValueError, match="means_prior"):
        hmm.GaussianHMM(2, means_prior=3).fit(np.arange(12.0).reshape(6, 2))


def test_categories():
    X = np.array([[0], [2], [1], [2], [0], [0], [2]])
    assert hmm.CategoricalHMM(2, random_state=0).fit(X).emissionprob_.shape == (2, 3)
    assert hmm.CategoricalHMM(2, n_features=5, random_state=0).fit(X).emissionprob_.shape == (2, 5)
    with pytest.raises(ValueError, match="symbol"):
        hmm.CategoricalHMM(2, n_features=2).fit(X)
    with pytest.raises(ValueError, match="nonnegative"):
        hmm.CategoricalHMM(2).fit(-X)


def test_multinomial_rows():
    model = hmm.MultinomialHMM(2, n_trials=5)
    model.startprob_, model.transmat_ = np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.1, 0.9]])
    model.emissionprob_ = np.array([[0.7, 0.2, 0.1], [0.1, 0.2, 0.7]])
    X, states = model.sample(400, random_state=0)
    assert (X.sum(axis=1) == 5).all()
    assert np.mean(model.predict(X) == states) > 0.95
    again = hmm.MultinomialHMM(2, n_trials=5, random_state=0).fit(X)
    np.testing.assert_allclose(np.sort(again.emissionprob_[:, 0]), [0.1, 0.7], atol=0.05)


def test_states_that_a_sample_begins_in_files_and_pickles(data, tmp_path):
    model = gaussian()
    assert all(model.sample(1, random_state=seed, currstate=1)[1] == [1] for seed in range(5))
    assert pickle.loads(pickle.dumps(model)).score(data) == model.score(data)
    model.save(tmp_path / "model.json")
    loaded = jensen.load(tmp_path / "model.json")
    assert loaded.score(data) == pytest.approx(model.score(data))
    with pytest.raises(jensen.NotFittedError):
        hmm.GaussianHMM(2).score(data)
    wrong = gaussian()
    wrong.transmat_ = np.ones((2, 2))
    with pytest.raises(ValueError, match="transmat_"):
        wrong.score(data)


# Mixtures of Gaussians ------------------------------------------------------------------------------------------------


def mixed(covariance_type="full", n_mix=2, **options):
    rng = np.random.default_rng(4)
    model = hmm.GMMHMM(2, n_mix, covariance_type=covariance_type, **options)
    model.startprob_, model.transmat_ = np.array([0.6, 0.4]), np.array([[0.9, 0.1], [0.2, 0.8]])
    model.weights_ = np.array([[0.3, 0.7], [0.6, 0.4]])[:, :n_mix] if n_mix == 2 else np.ones((2, 1))
    model.means_ = np.array([[[0.0, 0], [5, 0]], [[0, 20], [5, 24]]])[:, :n_mix]
    shape = {"full": (2, n_mix, 2, 2), "tied": (2, 2, 2), "diag": (2, n_mix, 2), "spherical": (2, n_mix)}[covariance_type]
    if covariance_type in ("full", "tied"):
        half = rng.normal(scale=0.5, size=shape)
        model.covars_ = half @ np.swapaxes(half, -1, -2) + 0.5 * np.eye(2)
    else:
        model.covars_ = rng.uniform(0.5, 2, size=shape)
    return model


@pytest.fixture(scope="module")
def mixed_data():
    return {kind: mixed(kind).sample(300, random_state=2)[0] for kind in KINDS}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_mix", [1, 2])
def test_given_mixtures_say_what_hmmlearns_say(kind, n_mix, mixed_data):
    model, X, lengths = mixed(kind, n_mix), mixed_data[kind], [100, 150, 50]
    other = theirs(model)
    assert model.score(X, lengths) == pytest.approx(other.score(X, lengths))
    np.testing.assert_allclose(model.predict_proba(X, lengths), other.predict_proba(X, lengths), atol=1e-9)
    value, path = model.decode(X, lengths)
    expected, expected_path = other.decode(X, lengths)
    assert value == pytest.approx(expected)
    np.testing.assert_array_equal(path, expected_path)


@pytest.mark.parametrize("kind", KINDS)
def test_a_fit_of_mixtures_is_a_fixed_point_of_hmmlearns_em(kind, mixed_data):
    X = mixed_data[kind]
    own = mixed(kind, init_params="", tol=1e-7).fit(X)
    assert own.monitor_.converged
    other = theirs(own)
    before = {name: np.array(getattr(own, name)) for name in ("weights_", "means_", "covars_", "transmat_")}
    assert {name: value.shape for name, value in before.items()} == {
        name: np.shape(getattr(mixed(kind), name)) for name in before}
    other.set_params(init_params="", n_iter=1)
    other.fit(X)
    for name, value in before.items():
        np.testing.assert_allclose(getattr(other, name), value, atol=2e-3, err_msg=name)


def test_parameters_of_mixtures_are_counted(mixed_data):
    of_covariances = {"full": 4 * 3, "tied": 2 * 3, "diag": 4 * 2, "spherical": 4}
    for kind, count in of_covariances.items():
        model, X = mixed(kind), mixed_data[kind]
        free = 1 + 2 + 2 + 8 + count
        assert model.aic(X) == pytest.approx(-2 * model.score(X) + 2 * free)


@pytest.mark.filterwarnings("ignore::jensen.DegenerateComponentWarning")
def test_params_and_init_params_of_mixtures(mixed_data):
    X = mixed_data["diag"]
    for letter, name in {"w": "weights_", "m": "means_", "c": "covars_"}.items():
        begun = mixed("diag", init_params="", params="stmcw".replace(letter, ""))
        others = [other for other in ("weights_", "means_", "covars_") if other != name]
        before = {other: np.array(getattr(begun, other)) for other in (name, *others)}
        begun.fit(X)
        np.testing.assert_array_equal(getattr(begun, name), before[name])
        for other in others:
            assert not np.allclose(getattr(begun, other), before[other])
    whole = mixed("diag", init_params="").fit(X)
    for letter in "wc":  # the means are those of the states, the others are found again
        assert mixed("diag", init_params=letter).fit(X).score(X) == pytest.approx(whole.score(X), abs=1e-2)
    assert mixed("diag", init_params="m", random_state=0).fit(X).monitor_.converged


def test_mixtures_of_one_gaussian_are_gaussian(data):
    for kind in ("full", "diag", "spherical"):
        alone = gaussian(kind, init_params="").fit(data)
        one = hmm.GMMHMM(2, 1, covariance_type=kind, init_params="")
        begun = gaussian(kind)
        one.startprob_, one.transmat_, one.weights_ = begun.startprob_, begun.transmat_, np.ones((2, 1))
        one.means_, one.covars_ = begun.means_[:, None], np.asarray(begun._covars_)[:, None]
        one.fit(data)
        assert one.score(data) == pytest.approx(alone.score(data))
        np.testing.assert_allclose(one.means_[:, 0], alone.means_)


def test_mixtures_in_files_pickles_and_what_is_refused(tool, tmp_path, mixed_data):
    X = mixed_data["full"]
    model = mixed("full")
    model.save(tmp_path / "model.json")
    np.savetxt(tmp_path / "rows.csv", X, delimiter=",", header="x1,x2", comments="", fmt="%.17g")
    shown = subprocess.run([tool, "score", tmp_path / "model.json", tmp_path / "rows.csv", "--json"], check=True,
                           capture_output=True, text=True).stdout
    assert sum(one["log_likelihood"] for one in json.loads(shown)["sequences"]) == pytest.approx(model.score(X))
    assert pickle.loads(pickle.dumps(model)).score(X) == model.score(X)
    for refused in ({"weights_prior": 2}, {"covars_prior": 1.0}, {"means_weight": 1}):
        with pytest.raises(ValueError, match=next(iter(refused))):
            hmm.GMMHMM(2, 2, **refused).fit(X)
    with pytest.raises(ValueError, match="covariance_type"):
        hmm.GMMHMM(2, 2, covariance_type="VVV").fit(X)
    wrong = mixed("diag")
    wrong.covars_ = wrong.covars_[:, 0]
    with pytest.raises(ValueError, match="wrong shape"):
        wrong.score(X)
    assert hmm.GMMHMM().monitor_.history == []
