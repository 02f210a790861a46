"""jensen.Mixture: columns of different kinds."""

import csv
import json
import pickle
import subprocess

import numpy as np
import pytest

import jensen
from conftest import SOURCE, golden_cases
from jensen import Mixture

SURVEY = {"age": "gaussian", "income": "log-normal", "sex": "categorical", "visits": "poisson"}


def read(path):
    """The columns of a table, words and numbers, None where a cell is empty."""
    with open(SOURCE / path, newline="") as file:
        rows = list(csv.DictReader(file))

    def cell(text):
        if text in ("", "NA"):
            return None
        try:
            return float(text)
        except ValueError:
            return text

    return {name: np.array([cell(row[name]) for row in rows], dtype=object) for name in rows[0]}


@pytest.fixture(scope="module")
def survey():
    return read("data/survey.csv")


@pytest.fixture(scope="module")
def fitted(survey):
    return Mixture(SURVEY, n_components=3, random_state=1).fit(survey)


def parameters(mixture):
    return dict(zip(mixture.parameters_["parameter"].tolist(), mixture.parameters_["value"].tolist()))


def test_the_tool_fits_the_same(tool, tmp_path, survey):
    path = tmp_path / "model.json"
    weights = survey["w"].astype(float)
    subprocess.run([tool, "fit", "mixture", "data/survey.csv", "-k", "3", "--weights", "w", "--seed", "1", "-o", path,
                    "--columns", "age:gaussian, income:log-normal, sex:categorical, visits:poisson"],
                   check=True, capture_output=True, cwd=SOURCE)
    own = Mixture(SURVEY, n_components=3, random_state=1).fit(survey, sample_weight=weights)
    loaded = jensen.load(path)
    assert parameters(loaded) == parameters(own)
    assert loaded.levels_ == own.levels_ == {"sex": ["f", "m"]}
    np.testing.assert_array_equal(loaded.predict_proba(survey), own.predict_proba(survey))
    own.save(tmp_path / "own.json")
    scores = subprocess.run([tool, "score", tmp_path / "own.json", "data/survey.csv", "--json"], check=True,
                            capture_output=True, text=True, cwd=SOURCE).stdout
    np.testing.assert_array_equal(json.loads(scores)["log_density"], own.score_samples(survey))


def test_attributes(fitted, survey):
    assert fitted.converged_
    assert fitted.weights_.sum() == pytest.approx(1)
    own = parameters(fitted)
    assert own["weight[0]"] == fitted.weights_[0]
    assert sum(own[f"sex.probability[0,{level}]"] for level in (0, 1)) == pytest.approx(1)
    assert fitted.feature_names_in_.tolist() == list(SURVEY)
    assert "sex:categorical" in fitted.schema_
    assert fitted.lower_bound_ == pytest.approx(fitted.score(survey))
    assert fitted.report_.bic == pytest.approx(fitted.bic(survey))


def test_containers_give_the_same(fitted, survey):
    expected = fitted.predict_proba(survey)
    used = {name: survey[name] for name in SURVEY}
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(used).convert_dtypes()
    np.testing.assert_array_equal(fitted.predict_proba(frame), expected)
    frame["sex"] = frame["sex"].astype("category")
    np.testing.assert_array_equal(fitted.predict_proba(frame), expected)
    assert parameters(Mixture(SURVEY, n_components=3, random_state=1).fit(frame)) == parameters(fitted)
    polars = pytest.importorskip("polars")
    table = polars.DataFrame({name: column.tolist() for name, column in used.items()})
    np.testing.assert_array_equal(fitted.predict_proba(table), expected)
    np.testing.assert_array_equal(fitted.predict_proba(table.to_arrow()), expected)
    pyarrow = pytest.importorskip("pyarrow")

    class Stream:
        def __arrow_c_stream__(self, requested_schema=None):
            return pyarrow.table(table.to_arrow()).__arrow_c_stream__(requested_schema)

    np.testing.assert_array_equal(fitted.predict_proba(Stream()), expected)


def test_missing_cells_drop_out(fitted):
    nothing = {name: [None] for name in SURVEY}
    np.testing.assert_allclose(fitted.predict_proba(nothing)[0], fitted.weights_)
    assert fitted.score_samples(nothing)[0] == pytest.approx(0, abs=1e-12)
    own = parameters(fitted)
    only = fitted.score_samples({**nothing, "sex": ["m"]})[0]
    assert only == pytest.approx(np.log(sum(w * own[f"sex.probability[{k},1]"] for k, w in enumerate(fitted.weights_))))


def test_sample_and_impute_speak_words(fitted):
    rows, components = fitted.sample(5000)
    assert set(rows["sex"].tolist()) == {"f", "m"}
    assert (rows["visits"] == np.round(rows["visits"])).all()
    np.testing.assert_allclose(np.bincount(components) / 5000, fitted.weights_, atol=0.03)
    filled = fitted.impute({"age": [30.0, None], "income": [None, 1000.0], "sex": [None, "m"], "visits": [2, None]})
    assert filled["sex"][0] in ("f", "m")
    assert filled["age"][0] == 30
    assert not any(cell is None or cell != cell for row in filled.rows() for cell in row.values())


def test_pickle(fitted, survey):
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(survey), fitted.predict_proba(survey))
    assert again.levels_ == fitted.levels_


def test_schemas_in_every_form(survey):
    of_dictionary = Mixture({("age", "income"): "gaussian(diagonal)", "sex": "categorical"}, 2, random_state=0)
    of_text = Mixture("age + income:gaussian(diagonal), sex:categorical", 2, random_state=0)
    assert parameters(of_dictionary.fit(survey)) == parameters(of_text.fit(survey))
    joint = Mixture({("age", "income"): "gaussian"}, 2, random_state=0).fit(survey)
    assert joint.report_.free_parameters == 1 + 2 * 5


def test_a_matrix_has_columns_by_number(faithful):
    mixture = Mixture(n_components=2, random_state=0).fit(faithful)
    diagonal = jensen.GaussianMixture(2, covariance_type="diag", random_state=0).fit(faithful)
    assert mixture.score(faithful) == pytest.approx(diagonal.score(faithful), abs=1e-6)
    named = Mixture({"long": "gaussian", "wait": "gaussian"}, 2, random_state=0).fit(faithful)
    assert parameters(named)["long.mean[0,0]"] == parameters(mixture)["x1.mean[0,0]"]
    with pytest.raises(ValueError, match="expecting 2 features"):
        mixture.predict(np.ones((2, 3)))


def test_labels_and_weights(survey):
    age = survey["age"].astype(float)
    labels = np.full(len(age), -1)
    order = np.argsort(age)[:np.isfinite(age).sum()]
    labels[order[:20]], labels[order[-20:]] = 1, 0
    mixture = Mixture({"age": "gaussian"}, 2, random_state=0).fit(survey, labels=labels)
    assert parameters(mixture)["age.mean[0,0]"] > parameters(mixture)["age.mean[1,0]"]
    weights = survey["w"].astype(float)
    weighted = Mixture({"age": "gaussian"}, random_state=0, prior="none").fit(survey, sample_weight=weights)
    seen = np.isfinite(age)
    assert parameters(weighted)["age.mean[0,0]"] == pytest.approx(np.average(age[seen], weights=weights[seen]))


def test_levels_are_numbers_or_words():
    table = {"a": [10, 9, 10, 9, 9, 10], "b": [True, False, True, True, None, False], "c": [1.0, np.nan, 1, 1, 1, 1]}
    mixture = Mixture({"a": "categorical", "b": "bernoulli"}).fit(table)
    assert mixture.levels_ == {"a": ["9", "10"], "b": ["False", "True"]}
    assert mixture.score({"a": ["10"], "b": ["True"]}) == mixture.score({"a": [10.0], "b": [True]})
    assert parameters(mixture)["b.probability[0]"] == pytest.approx(3 / 5)
    assert Mixture({"a": "categorical", "c": "bernoulli"}).fit(table).levels_["c"] == ["0", "1"]


@pytest.mark.parametrize(
    "columns, table, message",
    [
        ({"age": "gauss"}, {"age": [1, 2, 3]}, "gauss"),
        ({"age": "gaussian"}, {"years": [1, 2, 3]}, "'age' is not there"),
        ({"age": "gaussian"}, {"age": [1, "old", 3]}, "row 2, column 'age': 'old' is not a number"),
        ({"age": "gaussian"}, {"age": [1, 2, np.inf]}, "row 3, column 'age'"),
        ({"n": "poisson"}, {"n": [1, 2, -1]}, "row 3, column 'n'"),
        ({"age": "gaussian"}, {"age": [1, 1, 1]}, "constant"),
        ({"yes": "bernoulli"}, {"yes": ["a", "b", "c"]}, "3 levels"),
        ({"age": "gaussian", "n": "poisson"}, {"age": [1, 2, 3], "n": [1, 2]}, "has 2 rows"),
        ([], {"age": [1, 2]}, "columns"),
        ({3: "gaussian"}, {"age": [1, 2]}, "columns"),
    ],
)
def test_refusals_name_the_column(columns, table, message):
    with pytest.raises((ValueError, TypeError), match=message):
        Mixture(columns).fit(table)


def test_words_that_no_fit_has_seen_are_refused(fitted):
    with pytest.raises(jensen.DataError, match="row 2, column 'sex': 'x' is none of f, m"):
        fitted.predict({"age": [1, 2], "income": [1, 2], "sex": ["f", "x"], "visits": [1, 2]})


def test_golden_poisson_mixture():
    case = next(c for c in golden_cases("families") if c["id"] == "poismix_london_deaths_K2_global")
    table = read(case["dataset"]["path"])
    mixture = Mixture({"deaths": "poisson"}, 2, random_state=0, tol=1e-12, prior="none")
    mixture.fit(table, sample_weight=table["days"].astype(float))
    assert mixture.report_.log_likelihood == pytest.approx(case["result"]["loglik"], abs=1e-5)
    expected = case["result"]["params"]
    own = parameters(mixture)
    order = np.argsort(expected["rates"])
    np.testing.assert_allclose(mixture.weights_, np.array(expected["weights"])[order], rtol=1e-4)
    np.testing.assert_allclose([own["deaths.rate[0]"], own["deaths.rate[1]"]], np.array(expected["rates"])[order],
                               rtol=1e-4)


def test_golden_regression_with_a_gate(tool, tmp_path):
    case = next(c for c in golden_cases("families") if c["id"] == "mixpois_patent_K3_concomitant_global")
    table = read(case["dataset"]["path"])
    mixture = Mixture({"Patents": "poisson-regression(x1=lgRD)"}, 3, gate=["RDS"], random_state=0, n_init=30)
    mixture.fit(table)
    assert mixture.report_.log_likelihood == pytest.approx(case["result"]["loglik"], abs=1e-4)
    assert not hasattr(mixture, "weights_")
    with pytest.raises(jensen.UnsupportedError, match="lgRD"):
        mixture.sample()
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_array_equal(again.predict(table), mixture.predict(table))
    mixture.save(tmp_path / "gated.json")
    assert jensen.load(tmp_path / "gated.json").gate == ("RDS",)


def test_standard_errors_know_the_prior_after_a_pickle(survey):
    mixture = Mixture({"age": "gaussian", "sex": "categorical"}, 2, random_state=0, tol=1e-12).fit(survey)
    own = mixture.standard_errors(survey)["standard_error"]
    again = pickle.loads(pickle.dumps(mixture)).standard_errors(survey)["standard_error"]
    assert np.isfinite(own).any()
    np.testing.assert_allclose(again, own, rtol=1e-9)


def test_standard_errors(survey):
    mixture = Mixture({"age": "gaussian"}, prior="none").fit(survey)
    age = survey["age"].astype(float)
    age = age[np.isfinite(age)]
    rows = {row["parameter"]: row for row in mixture.standard_errors(survey).rows()}
    assert rows["age.mean[0,0]"]["standard_error"] == pytest.approx(age.std() / np.sqrt(len(age)), rel=1e-4)
