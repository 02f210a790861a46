"""jensen.plot: what is on the axes."""

import math
import statistics
import subprocess

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as pyplot  # noqa: E402
import numpy as np  # noqa: E402
import pytest  # noqa: E402

import jensen  # noqa: E402
from jensen import hmm, plot  # noqa: E402


@pytest.fixture(autouse=True)
def close():
    yield
    pyplot.close("all")


@pytest.fixture(scope="module")
def mixture(faithful):
    return jensen.GaussianMixture(2, random_state=0, n_init=2).fit(faithful)


@pytest.fixture(scope="module")
def chain():
    rng = np.random.default_rng(0)
    path = np.arange(120) // 20 % 2
    X = rng.normal(size=(120, 1)) + 6 * path[:, None]
    return jensen.HiddenMarkov(n_components=2, random_state=0, n_init=2).fit(X, [60, 60]), X, path


def test_trace(mixture):
    ax = plot.trace(mixture)
    line, bound = ax.lines
    np.testing.assert_array_equal(line.get_ydata(), mixture.report_.trace["log_likelihood"])
    finite = np.isfinite(mixture.report_.trace["bound"])
    np.testing.assert_array_equal(bound.get_ydata(), mixture.report_.trace["bound"][finite])
    assert plot.trace(mixture, ax) is ax and len(ax.lines) == 4


def test_criterion(faithful):
    result = jensen.select(faithful, range(1, 4), covariance=["EII", "full"], random_state=0, n_init=1)
    ax = plot.criterion(result)
    assert {line.get_label() for line in ax.lines} <= {"EII", "full"}
    shown = np.concatenate([line.get_ydata() for line in ax.lines])
    assert result.table["bic"].min() == shown.min()


def test_ellipses_are_one_and_two_standard_deviations_away(mixture, faithful):
    ax = plot.components(mixture, faithful)
    assert len(ax.patches) == 4
    assert len(ax.collections[0].get_offsets()) == len(faithful)
    for patch, k, deviations in zip(ax.patches, (0, 0, 1, 1), (1, 2, 1, 2)):
        np.testing.assert_allclose(patch.get_center(), mixture.means_[k])
        for turn, length in ((0, patch.get_width()), (90, patch.get_height())):
            angle = np.radians(patch.get_angle() + turn)
            away = length / 2 * np.array([np.cos(angle), np.sin(angle)])
            assert np.sqrt(away @ np.linalg.inv(mixture.covariances_[k]) @ away) == pytest.approx(deviations)


def test_marginals_and_pairs(faithful, iris):
    one = jensen.GaussianMixture(2, covariance_type="spherical", random_state=0).fit(faithful[:, :1])
    ax = plot.components(one, faithful[:, :1])
    assert [line.get_label() for line in ax.lines] == ["0", "1", "mixture"]
    x, y = ax.lines[-1].get_data()
    np.testing.assert_allclose(y, np.exp(one.score_samples(x[:, None])), rtol=1e-6)
    assert np.trapezoid(y, x) == pytest.approx(1, abs=1e-3)
    assert sum(bar.get_height() * bar.get_width() for bar in ax.patches) == pytest.approx(1)
    three = jensen.GaussianMixture(3, covariance_type="tied", random_state=0, n_init=1).fit(iris[:, :3])
    square = plot.components(three, iris[:, :3])
    assert square.shape == (3, 3) and len(square[0, 1].patches) == 6
    assert plot.components(three, columns=(0, 2)).patches[0].get_center() == pytest.approx(three.means_[0, [0, 2]])


def test_responsibilities(mixture, chain, faithful):
    ax = plot.responsibilities(mixture, faithful)
    assert len(ax.collections) == 2
    model, X, _ = chain
    ax = plot.responsibilities(model, X, [60, 60])
    lower = ax.collections[0].get_paths()[0].vertices
    top = {int(x): y for x, y in lower if y > 0}
    expected = model.predict_proba(X, [60, 60])[:, 0]
    assert all(expected[x] == pytest.approx(y) for x, y in top.items())


def test_states_over_time(chain):
    model, X, path = chain
    ax = plot.states(model, X, [60, 60])
    found = model.predict(X, [60, 60])
    bands = sum(1 + np.count_nonzero(np.diff(part)) for part in (found[:60], found[60:]))
    assert len(ax.patches) == bands
    assert len(ax.lines) == 3  # two sequences and the line between them
    np.testing.assert_array_equal(ax.lines[0].get_ydata(), X[:60, 0])


def test_transition_graph(chain):
    model = chain[0]
    ax = plot.transitions(model)
    texts = {text.get_text() for text in ax.texts}
    assert f"0\n{model.transmat_[0, 0]:.2f}" in texts and f"{model.transmat_[0, 1]:.2f}" in texts
    arrows = [text for text in ax.texts if text.arrowprops]
    assert len(arrows) == 2
    assert not [text for text in plot.transitions(model, least=0.9).texts if text.arrowprops]


def test_residuals_are_normal_where_the_model_is_right(chain, faithful):
    model, X, _ = chain
    residuals = plot.quantile_residuals(model, X, [60, 60])
    assert abs(residuals.mean()) < 0.3 and residuals.std() == pytest.approx(1, abs=0.15)
    wrong = jensen.GaussianMixture(1).fit(X)
    ax = plot.residuals(wrong, X)
    expected = np.sort((X[:, 0] - wrong.means_[0, 0]) / np.sqrt(wrong.covariances_[0, 0, 0]))
    np.testing.assert_allclose(ax.lines[0].get_ydata(), expected, atol=1e-6)
    holed = X.copy()
    holed[3] = np.nan
    assert np.isnan(plot.quantile_residuals(model, holed, [60, 60])[3])
    with pytest.raises(jensen.ArgumentError, match="column"):
        plot.residuals(model, X, column=2)


def normal_quantiles(p):
    return np.array([statistics.NormalDist().inv_cdf(one) for one in p])


def test_residuals_of_counts_and_categories_are_those_of_their_distribution_functions():
    rng = np.random.default_rng(1)
    table = {"visits": rng.poisson(np.repeat([1, 9], 50)).astype(float), "sex": rng.choice(["f", "m"], 100)}
    model = jensen.Mixture({"visits": "poisson", "sex": "categorical"}, n_components=2, random_state=0).fit(table)
    value = dict(zip(model.parameters_["parameter"].tolist(), model.parameters_["value"]))
    rates = [value["visits.rate[0]"], value["visits.rate[1]"]]

    def up_to(x):
        return sum(w * sum(np.exp(-r) * r**i / math.factorial(i) for i in range(int(x) + 1))
                   for w, r in zip(model.weights_, rates))

    expected = normal_quantiles([(up_to(x - 1) + up_to(x)) / 2 for x in table["visits"]])
    np.testing.assert_allclose(plot.quantile_residuals(model, table, column="visits"), expected, atol=1e-9)
    of_f = float(np.dot(model.weights_, [value["sex.probability[0,0]"], value["sex.probability[1,0]"]]))
    expected = normal_quantiles(np.where(table["sex"] == "f", of_f / 2, (of_f + 1) / 2))
    np.testing.assert_allclose(plot.quantile_residuals(model, table, column=1), expected, atol=1e-9)
    with pytest.raises(jensen.ArgumentError, match="lengths"):
        plot.residuals(model, table, [50, 50])
    with pytest.raises(jensen.ArgumentError, match="visits, sex"):
        plot.residuals(model, table, column="age")


def test_residuals_of_a_chain_of_counts_are_the_tools(tool, tmp_path):
    counts = np.random.default_rng(2).poisson(np.repeat([2, 12, 2], 30))[:, None].astype(float)
    model = jensen.HiddenMarkov("poisson", n_components=2, random_state=0).fit(counts)
    model.save(tmp_path / "model.json")
    np.savetxt(tmp_path / "counts.csv", counts, header="x1", comments="", fmt="%d")
    shown = subprocess.run([tool, "score", tmp_path / "model.json", tmp_path / "counts.csv", "--residuals"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    column = [name.strip() for name in shown[0].split(",")].index("residual_x1") if "residual_x1" in shown[0] else -1
    expected = [float(line.split(",")[column]) for line in shown[1:]]
    np.testing.assert_allclose(plot.quantile_residuals(model, counts), expected, rtol=1e-5)
    theirs = hmm.PoissonHMM(2)
    theirs.startprob_, theirs.transmat_ = model.startprob_, model.transmat_
    theirs.lambdas_ = model.parameters_["value"][-2:, None]
    np.testing.assert_allclose(plot.quantile_residuals(theirs, counts), expected, rtol=1e-5)


def test_residuals_given_covariates_groups_and_mixtures_within_states(tool, tmp_path):
    rng = np.random.default_rng(3)
    x = rng.normal(size=120)
    table = {"y": np.where(rng.random(120) < 0.5, 1 + 2 * x, 6 - x) + 0.5 * rng.normal(size=120), "x": x}
    gated = jensen.Mixture({"y": "linear-regression(x1=x)"}, n_components=2, gate=["x"], random_state=0).fit(table)
    value = dict(zip(gated.parameters_["parameter"].tolist(), gated.parameters_["value"]))
    share = 1 / (1 + np.exp(-(value["gate[1,0]"] + value["gate[1,1]"] * x)))
    normal = statistics.NormalDist()
    parts = [[normal.cdf(z) for z in (table["y"] - value[f"y.coefficient[{k},0]"] - value[f"y.coefficient[{k},1]"] * x)
              / np.sqrt(value[f"y.variance[{k}]"])] for k in (0, 1)]
    expected = normal_quantiles((1 - share) * parts[0] + share * parts[1])
    np.testing.assert_allclose(plot.quantile_residuals(gated, table), expected, atol=1e-8)
    gated.save(tmp_path / "gated.json")
    np.savetxt(tmp_path / "rows.csv", np.stack([table["y"], x], axis=1), delimiter=",", header="y,x", comments="",
               fmt="%.17g")
    shown = subprocess.run([tool, "score", tmp_path / "gated.json", tmp_path / "rows.csv", "--residuals"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    assert shown[0] == "log_density,residual_y"
    np.testing.assert_allclose([float(line.split(",")[1]) for line in shown[1:]], expected, rtol=1e-5)

    person = np.arange(120) % 30  # rows of a group lie apart
    visits = {"count": rng.poisson(np.where(person < 15, 2, 9)).astype(float)}
    grouped = jensen.Mixture({"count": "poisson"}, n_components=2, random_state=0).fit(visits, groups=person)
    found = plot.quantile_residuals(grouped, visits, groups=person)
    order = np.argsort(person, kind="stable")
    again = plot.quantile_residuals(grouped, {"count": visits["count"][order]}, groups=person[order])
    np.testing.assert_allclose(found[order], again)
    with pytest.raises(jensen.ArgumentError, match="groups"):
        plot.residuals(grouped, visits)
    with pytest.raises(jensen.ArgumentError, match="groups"):
        plot.residuals(jensen.GaussianMixture(1).fit(x[:, None]), x[:, None], groups=person)

    nested = hmm.GMMHMM(2, 2, covariance_type="tied")
    nested.startprob_, nested.transmat_ = np.array([1.0, 0]), np.array([[1.0, 0], [0.5, 0.5]])  # never leaves state 0
    nested.weights_, nested.means_ = np.array([[0.3, 0.7], [0.5, 0.5]]), np.array([[[0.0], [4.0]], [[9.0], [12.0]]])
    nested.covars_ = np.array([[[2.0]], [[1.0]]])
    expected = normal_quantiles([0.3 * normal.cdf(v / np.sqrt(2)) + 0.7 * normal.cdf((v - 4) / np.sqrt(2)) for v in x])
    np.testing.assert_allclose(plot.quantile_residuals(nested, x[:, None]), expected, atol=1e-8)

    series = {"y": np.cumsum(rng.normal(size=60))}
    walk = jensen.HiddenMarkov("y ~ lag(y)").fit(series)
    value = dict(zip(walk.parameters_["parameter"].tolist(), walk.parameters_["value"]))
    ahead = value["y.coefficient[0,0]"] + value["y.coefficient[0,1]"] * series["y"][:-1]
    found = plot.quantile_residuals(walk, series)
    assert np.isnan(found[0])
    np.testing.assert_allclose(found[1:], (series["y"][1:] - ahead) / np.sqrt(value["y.variance[0]"]), atol=1e-6)


def test_what_cannot_be_drawn_is_said(mixture, faithful, tmp_path):
    counts = jensen.HiddenMarkov("poisson", n_components=1).fit([[1.0], [2], [4]])
    with pytest.raises(jensen.UnsupportedError, match="means"):
        plot.components(counts)
    mixture.save(tmp_path / "model.json")
    with pytest.raises(jensen.UnsupportedError, match="trace"):
        plot.trace(jensen.load(tmp_path / "model.json"))
