"""jensen.select."""

import numpy as np
import pytest

import jensen


@pytest.fixture(scope="module")
def result(faithful):
    return jensen.select(faithful, n_components=range(1, 4), covariance="all", random_state=0, n_init=3)


def test_every_combination_is_a_row(result):
    combinations = set(zip(result.table["components"].tolist(), result.table["covariance"].tolist()))
    assert len(combinations) == len(result.table) == 3 * 14


def test_rows_are_ranked(result):
    sound = result.table["sound"].astype(bool)
    assert (np.diff(result.table["bic"][sound]) >= 0).all()
    assert not (~sound[:-1] & sound[1:]).any()


def test_best_is_what_a_fit_gives(result, faithful):
    assert result.best.report_.bic == result.table["bic"][0]
    assert result.best.covariance_type == result.table["covariance"][0]
    again = jensen.GaussianMixture(**result.best.get_params()).fit(faithful)
    np.testing.assert_array_equal(again.means_, result.best.means_)
    assert again.n_iter_ == result.best.n_iter_
    assert again.lower_bounds_ == result.best.lower_bounds_
    np.testing.assert_array_equal(result.best.predict(faithful), again.predict(faithful))


def test_criteria_choose_differently(faithful):
    by = {c: jensen.select(faithful, range(1, 5), covariance="full", criterion=c, random_state=0, n_init=3)
          for c in ("aic", "bic", "icl")}
    for criterion, result in by.items():
        assert result.table[criterion][0] == result.table[criterion].min()
    assert by["aic"].best.n_components > by["icl"].best.n_components
    with pytest.raises(jensen.ArgumentError, match="criterion"):
        jensen.select(faithful, criterion="best")


def test_candidates_that_cannot_be_fitted_say_why():
    X = np.random.default_rng(0).normal(size=(5, 2))
    table = jensen.select(X, [1, 9], covariance="EII", random_state=0).table
    assert table["components"].tolist() == [1, 9]
    assert "distinct rows" in table["reason"][1]


def test_columns_of_different_kinds():
    rng = np.random.default_rng(0)
    table = {"n": rng.poisson(np.repeat([2, 30], 100)), "x": rng.lognormal(np.repeat([0, 3], 100), 0.3),
             "word": np.repeat(["a", "b"], 100)}
    result = jensen.select(table, [1, 2], columns={"n": "poisson", "x": "gaussian|log-normal", "word": "categorical"},
                           random_state=0, n_init=3, folds=3)
    assert len(result.table) == 4
    assert result.best.n_components == 2
    assert "log-normal" in result.table["schema"][0]
    assert np.isfinite(result.table["cross_validated"]).all()
    assert result.best.levels_ == {"word": ["a", "b"]}
    assert set(result.best.predict(table)[:100]) != set(result.best.predict(table)[100:])
    by_folds = jensen.select(table, [1, 2], columns={"n": "poisson"}, criterion="cv", folds=3,
                             random_state=0, n_init=2)
    assert by_folds.table["cross_validated"][0] == by_folds.table["cross_validated"].max()
    tested = jensen.select(table, [1, 2], columns={"n": "poisson"}, bootstrap=9, random_state=0, n_init=2)
    assert dict(zip(tested.table["components"].tolist(), tested.table["p_value"].tolist()))[1] == pytest.approx(0.1)


def test_weights_count(faithful):
    weights = np.where(faithful[:, 0] > 3, 1.0, 1e-6)
    plain = jensen.select(faithful, 1, covariance="full")
    weighted = jensen.select(faithful, 1, covariance="full", sample_weight=weights)
    assert weighted.best.means_[0, 0] > plain.best.means_[0, 0] + 0.5


def test_options_reach_the_fits(faithful):
    few = jensen.select(faithful, 2, covariance="full", n_init=2, random_state=0)
    assert few.table["starts"].tolist() == [2]
    assert jensen.select(faithful, 2, covariance="full", random_state=0).table["starts"].tolist() == [10]
    plain = jensen.select(faithful, 2, covariance="full", prior="none", random_state=0)
    assert plain.table["log_likelihood"][0] > few.table["log_likelihood"][0]
    with pytest.raises(jensen.ArgumentError, match="columns"):
        jensen.select(faithful, 2, folds=3)
    with pytest.raises(jensen.ArgumentError, match="components"):
        jensen.select(faithful, [])


def test_frames_keep_their_names(faithful):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(faithful, columns=["eruptions", "waiting"])
    assert jensen.select(frame, 1, covariance="full").best.feature_names_in_.tolist() == ["eruptions", "waiting"]


def test_shown(result):
    assert "by bic" in repr(result)
    assert "<table>" in result._repr_html_()
    assert result.table.to_pandas().shape[0] == len(result.table)


def test_plot(result):
    pyplot = pytest.importorskip("matplotlib.pyplot")
    pyplot.switch_backend("agg")
    axes = result.plot()
    assert len(axes.lines) == 14
    assert axes.get_ylabel() == "bic"
    other = pyplot.subplots()[1]
    assert result.plot(other) is other
