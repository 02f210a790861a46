"""jensen.HiddenMarkov over columns by name: of several kinds, and regressions on the past."""

import pickle
import subprocess

import numpy as np
import pytest

import jensen
from jensen import HiddenMarkov


def autoregression(rows=300, seed=0):
    """y_t = c + a y_{t−1} + 0.5 x_t + noise, c and a switching."""
    rng = np.random.default_rng(seed)
    x, y, states = rng.normal(size=rows), np.zeros(rows), np.arange(rows) // 50 % 2
    for t in range(1, rows):
        c, a = ((0.0, 0.8), (4.0, -0.5))[states[t]]
        y[t] = c + a * y[t - 1] + 0.5 * x[t] + 0.3 * rng.normal()
    return {"y": y, "x": x}, states


def values(chain):
    return dict(zip(chain.parameters_["parameter"].tolist(), chain.parameters_["value"].tolist()))


def write(table, path):
    rows = zip(*table.values())
    path.write_text(",".join(table) + "\n" + "".join(",".join(map(str, row)) + "\n" for row in rows))


def test_one_state_is_least_squares_given_the_first_rows():
    table, _ = autoregression()
    chain = HiddenMarkov("y ~ lag(y) + lag(y, 2) + x").fit(table, lengths=[100, 200])
    y, x = table["y"], table["x"]
    fitted = np.r_[2:100, 102:300]
    design = np.stack([np.ones(len(fitted)), y[fitted - 1], y[fitted - 2], x[fitted]], axis=1)
    coefficients, residual = np.linalg.lstsq(design, y[fitted], rcond=None)[:2]
    found = np.array(list(values(chain).values()))
    found = found[2:]  # after the chain of one state
    np.testing.assert_allclose(found[:4], coefficients, atol=1e-3)
    variance = residual[0] / len(fitted)
    expected = -len(fitted) / 2 * (np.log(2 * np.pi * variance) + 1)
    assert chain.score(table, [100, 200]) == pytest.approx(expected, abs=0.05)
    assert chain.score_samples(table, [100, 200])[[0, 1, 100, 101]].tolist() == [0, 0, 0, 0]


def test_a_switching_autoregression_is_the_tools(tool, tmp_path):
    table, states = autoregression()
    write(table, tmp_path / "series.csv")
    subprocess.run([tool, "fit", "hidden-markov", tmp_path / "series.csv", "-k", "2", "--regress", "y ~ lag(y) + x",
                    "--seed", "1", "-o", tmp_path / "model.json"], check=True, capture_output=True)
    chain = HiddenMarkov("y ~ lag(y) + x", n_components=2, random_state=1).fit(table)
    loaded = jensen.load(tmp_path / "model.json")
    assert values(loaded) == pytest.approx(values(chain), rel=1e-6)
    np.testing.assert_allclose(loaded.predict_proba(table), chain.predict_proba(table), atol=1e-6)
    path = chain.predict(table)
    assert max(np.mean(path == states), np.mean(path != states)) > 0.95
    chain.save(tmp_path / "own.json")
    shown = subprocess.run([tool, "predict", tmp_path / "own.json", tmp_path / "series.csv", "--viterbi"], check=True,
                           capture_output=True, text=True).stdout.split()[1:]
    np.testing.assert_array_equal(np.array(shown, dtype=int), path)
    again = pickle.loads(pickle.dumps(chain))
    np.testing.assert_array_equal(again.score_samples(table), chain.score_samples(table))
    assert chain.feature_names_in_.tolist() == ["y", "x"] and chain.n_features_in_ == 2
    errors = chain.standard_errors(table)["standard_error"]
    np.testing.assert_allclose(again.standard_errors(table)["standard_error"], errors)


def test_lags_change_the_fit_and_other_families_are_there():
    table, _ = autoregression()
    plain = HiddenMarkov("y ~ x", n_components=2, random_state=0).fit(table)
    lagged = HiddenMarkov("y ~ lag(y) + x", n_components=2, random_state=0).fit(table)
    assert lagged.score(table) > plain.score(table) + 20
    counts = {"n": np.random.default_rng(1).poisson(np.repeat([2, 9], 60)).astype(float)}
    poisson = HiddenMarkov("n ~ lag(n)", n_components=2, family="poisson", random_state=0).fit(counts)
    assert len(values(poisson)) == 2 + 4 + 2 * 2  # two coefficients in each state
    matrix = HiddenMarkov("y ~ lag(y)", n_components=2, random_state=0).fit(table["y"][:, None])
    by_name = HiddenMarkov("y ~ lag(y)", n_components=2, random_state=0).fit({"y": table["y"]})
    assert values(matrix) == values(by_name)


def test_columns_of_different_kinds_are_the_tools(tool, tmp_path):
    rng = np.random.default_rng(2)
    states = np.arange(200) // 40 % 2
    table = {"count": rng.poisson(np.where(states == 0, 2.0, 9.0)).astype(float),
             "place": np.where(rng.random(200) < np.where(states == 0, 0.8, 0.3), "home", "work")}
    kinds = {"count": "poisson", "place": "categorical"}
    chain = HiddenMarkov(kinds, n_components=2, random_state=1).fit(table)
    write(table, tmp_path / "table.csv")
    subprocess.run([tool, "fit", "hidden-markov", tmp_path / "table.csv", "-k", "2", "--columns",
                    "count:poisson, place:categorical", "--seed", "1", "-o", tmp_path / "model.json"], check=True,
                   capture_output=True)
    loaded = jensen.load(tmp_path / "model.json")
    assert values(loaded) == values(chain)
    np.testing.assert_array_equal(loaded.predict(table), chain.predict(table))
    assert np.mean(chain.predict(table) == states) > 0.95
    ahead = chain.forecast(table, steps=2)
    assert ahead["place"].tolist() == ["home"] * 2  # the last state is the first
    assert 2 < ahead["count_mean"][0] < ahead["count_mean"][1] < 5
    begun = HiddenMarkov(kinds, n_components=2, start={"count.rate[0]": 1.0}, random_state=1).fit(table)
    assert begun.score(table) == pytest.approx(chain.score(table), abs=1e-3)
    with pytest.raises(jensen.DataError, match="row 1, column 'place'"):
        chain.predict({"count": [1.0], "place": ["school"]})


def test_what_is_refused():
    table, _ = autoregression(60)
    with pytest.raises(jensen.UnsupportedError, match="given"):
        HiddenMarkov("y ~ lag(y)").fit(table).sample(3)
    with pytest.raises(jensen.UnsupportedError, match="forecast"):
        HiddenMarkov("y ~ lag(y)").fit(table).forecast(table)
    with pytest.raises(jensen.ArgumentError, match="family"):
        HiddenMarkov("gaussian", family="poisson").fit(np.ones((5, 1)))
    with pytest.raises(jensen.UnsupportedError, match="time"):
        HiddenMarkov("y ~ lag(y)", time=1).fit(table)
    with pytest.raises(jensen.ArgumentError, match="covariance_type"):
        HiddenMarkov({"y": "gaussian"}, covariance_type="diag").fit(table)
    with pytest.raises(jensen.DataError, match="column 'z' is not there"):
        HiddenMarkov("y ~ lag(z)").fit(table)
    holed = {"y": table["y"].copy(), "x": table["x"]}
    holed["y"][3] = np.nan
    with pytest.raises(jensen.DataError, match="row 4, column"):
        HiddenMarkov("y ~ lag(y)").fit(holed)
