"""As an estimator of scikit-learn's, and beside its own mixture."""

import pickle
import warnings

import numpy as np
import pytest

import jensen
from jensen import hmm
from jensen.parameters import positive, probability, real

sklearn = pytest.importorskip("sklearn")

from sklearn import config_context  # noqa: E402
from sklearn.base import clone  # noqa: E402
from sklearn.exceptions import ConvergenceWarning, NotFittedError  # noqa: E402
from sklearn.mixture import GaussianMixture as Theirs  # noqa: E402
from sklearn.model_selection import GridSearchCV, KFold, cross_val_score  # noqa: E402
from sklearn.pipeline import make_pipeline  # noqa: E402
from sklearn.preprocessing import StandardScaler  # noqa: E402
from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

# Each with its reason; docs/compatibility.md repeats them.
STARTS_ARE_DRAWN_BY_ROW = {
    "check_sample_weight_equivalence_on_dense_data":
        "starts are drawn by row number, so that repeated rows begin elsewhere than rows of weight 2, and several "
        "components in 30 columns of 15 rows have many optima; from one start both end alike (a test of its own)",
}



OF_HMMLEARN = {
    "check_dont_overwrite_parameters": "n_features is hmmlearn's name, without an underscore at its end",
    "check_methods_sample_order_invariance": "score_samples returns two things, as hmmlearn's does",
    "check_methods_subset_invariance": "score_samples returns two things, as hmmlearn's does",
    "check_fit2d_1sample": "a single row is refused as a column that does not vary",
}


class OneSequence:
    """All rows as one sequence: the checks pass classes where hmmlearn's users pass lengths."""

    def fit(self, X, y=None):
        return super().fit(X)

    def score(self, X, y=None):
        return super().score(X)


class Chain(OneSequence, jensen.HiddenMarkov):
    pass


class GaussianHMM(OneSequence, hmm.GaussianHMM):
    pass


class GMMHMM(OneSequence, hmm.GMMHMM):
    pass


class RowMeans(jensen.Family):
    """The mean of a row is normal, whatever its columns."""

    parameters = {"mean": real(0.0), "deviation": positive(1.0)}

    def log_density(self, X, theta):
        return -((X.mean(axis=1) - theta.mean) / theta.deviation)**2 / 2 - np.log(theta.deviation * np.sqrt(2 * np.pi))

    def fit(self, X, weights, theta):
        means = X.mean(axis=1)
        mean = weights @ means / weights.sum()
        return {"mean": mean, "deviation": np.sqrt(weights @ (means - mean)**2 / weights.sum())}


class TwoScales(jensen.LatentModel):
    """Rows of independent normal cells about 0, of one of two deviations; missing cells drop out."""

    states = 2
    parameters = {"deviation": positive([0.5, 3.0]), "share": probability(0.5)}

    def log_joint(self, X, theta):
        squares, cells = np.nansum(X**2, axis=1)[:, None], np.sum(~np.isnan(X), axis=1)[:, None]
        return (np.log([theta.share, 1 - theta.share]) - squares / (2 * theta.deviation**2)
                - cells * np.log(theta.deviation * np.sqrt(2 * np.pi)))

    def statistics(self, X, responsibilities):
        return responsibilities.T @ np.stack(
            [np.ones(len(X)), np.nansum(X**2, axis=1), np.sum(~np.isnan(X), axis=1)], axis=1)

    def maximize(self, statistics, theta):
        rows, squares, cells = statistics.T
        with np.errstate(invalid="ignore"):
            deviation = np.sqrt(squares / cells)
        return {"deviation": deviation, "share": rows[0] / rows.sum()}


class TwoScalesByLogJoint(jensen.DiscreteLatent):
    accept_missing = True
    states = 2
    parameters = TwoScales.parameters
    log_joint = TwoScales.log_joint


def expected_failures(estimator):
    if isinstance(estimator, (GaussianHMM, GMMHMM)):
        return OF_HMMLEARN
    several = isinstance(estimator, jensen.GaussianMixture) and estimator.n_components > 1
    return STARTS_ARE_DRAWN_BY_ROW if several else {}


@parametrize_with_checks(
    [jensen.GaussianMixture(), jensen.GaussianMixture(n_components=2, random_state=0), jensen.Mixture(),
     Chain(), Chain(n_components=2, random_state=0), jensen.Mixture(RowMeans()), TwoScales(), TwoScalesByLogJoint(),
     GaussianHMM(random_state=0), GMMHMM(random_state=0)],
    expected_failed_checks=expected_failures,
)
def test_scikit_learn_checks(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jensen.DegenerateComponentWarning)
        check(estimator)


@pytest.mark.parametrize("covariance_type", ["full", "tied", "diag", "spherical"])
def test_numbers_are_scikit_learns(iris, covariance_type):
    rng = np.random.default_rng(0)
    start = dict(
        weights_init=np.full(3, 1 / 3), means_init=iris[rng.choice(len(iris), 3, replace=False)],
        precisions_init={"full": np.array([np.eye(4)] * 3), "tied": np.eye(4), "diag": np.ones((3, 4)),
                         "spherical": np.ones(3)}[covariance_type])
    theirs = Theirs(3, covariance_type=covariance_type, reg_covar=0, tol=1e-13, max_iter=20000, **start).fit(iris)
    ours = jensen.GaussianMixture(3, covariance_type=covariance_type, prior="none", tol=1e-13,
                                  acceleration="none", **start).fit(iris)
    assert ours.score(iris) == pytest.approx(theirs.score(iris), abs=1e-9)
    for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
        expected = getattr(theirs, name)
        np.testing.assert_allclose(getattr(ours, name), expected, rtol=1e-6, atol=1e-6 * np.abs(expected).max())
    np.testing.assert_allclose(ours.predict_proba(iris), theirs.predict_proba(iris), atol=1e-6)
    np.testing.assert_allclose(ours.score_samples(iris), theirs.score_samples(iris), atol=1e-6)
    np.testing.assert_array_equal(ours.predict(iris), theirs.predict(iris))
    assert ours.bic(iris) == pytest.approx(theirs.bic(iris))
    assert ours.aic(iris) == pytest.approx(theirs.aic(iris))
    assert ours.lower_bound_ == pytest.approx(theirs.lower_bound_)


def test_parameters_of_scikit_learn_are_all_there():
    ours = jensen.GaussianMixture().get_params()
    assert set(Theirs().get_params()) <= set(ours)
    jensen.GaussianMixture(**Theirs().get_params() | {"n_init": 1})


def test_defaults_of_scikit_learn_fit(iris):
    mixture = jensen.GaussianMixture(**Theirs(3, random_state=0).get_params()).fit(iris)
    assert mixture.means_.shape == (3, 4)


def test_attributes_of_scikit_learn_are_all_there(faithful):
    theirs = Theirs(2, random_state=0).fit(faithful)
    ours = jensen.GaussianMixture(2, random_state=0).fit(faithful)
    for name, value in vars(theirs).items():
        if name.endswith("_") and not name.startswith("_"):
            assert np.shape(getattr(ours, name)) == np.shape(value) or name == "lower_bounds_", name


def test_pipeline_and_grid_search(iris):
    search = GridSearchCV(make_pipeline(StandardScaler(), jensen.GaussianMixture(random_state=0, n_init=2)),
                          {"gaussianmixture__n_components": [1, 2, 3],
                           "gaussianmixture__covariance_type": ["tied", "VVE"]},
                          cv=KFold(3, shuffle=True, random_state=0))
    search.fit(iris)
    assert search.best_params_["gaussianmixture__n_components"] > 1
    assert search.predict(iris).shape == (150,)
    scores = cross_val_score(jensen.GaussianMixture(2, random_state=0), iris, cv=3)
    assert np.isfinite(scores).all()


def test_clone_copies_parameters_alone(faithful):
    mixture = jensen.GaussianMixture(2, covariance_type="EEV", random_state=3).fit(faithful)
    other = clone(mixture)
    assert other.get_params() == mixture.get_params()
    assert not hasattr(other, "means_")


def test_sample_weight_is_routed(faithful):
    weights = np.where(faithful[:, 0] > 3, 1.0, 0.01)
    with config_context(enable_metadata_routing=True):
        mixture = jensen.GaussianMixture(random_state=0).set_fit_request(sample_weight=True)
        pipeline = make_pipeline(StandardScaler().set_fit_request(sample_weight=False), mixture)
        weighted = pipeline.fit(faithful, sample_weight=weights)[-1].means_
        plain = make_pipeline(StandardScaler(), jensen.GaussianMixture(random_state=0)).fit(faithful)[-1].means_
        assert (weighted > plain + 0.3).all()
        assert clone(mixture).get_metadata_routing().fit.requests == {"sample_weight": True}


def test_exceptions_and_warnings_are_scikit_learns_too(faithful):
    with pytest.raises(NotFittedError):
        jensen.GaussianMixture().predict(faithful)
    with pytest.warns(ConvergenceWarning):
        jensen.GaussianMixture(3, max_iter=1, random_state=0).fit(faithful)


def test_data_frames_keep_their_names(faithful):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(faithful, columns=["eruptions", "waiting"])
    mixture = jensen.GaussianMixture(2, random_state=0).fit(frame)
    assert mixture.feature_names_in_.tolist() == ["eruptions", "waiting"]
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_array_equal(again.predict(frame), mixture.predict(frame))
    with pytest.raises(ValueError, match="feature names should match"):
        mixture.predict(frame.rename(columns={"waiting": "wait"}))
    with pytest.warns(UserWarning, match="valid feature names"):
        mixture.predict(faithful)
