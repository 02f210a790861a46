"""jensen.Mixture of rows in groups that share their component."""

import json
import math
import pickle
import subprocess

import numpy as np
import pytest

import jensen
from conftest import SOURCE, read_columns
from jensen import Mixture


def counts(people=30, seed=0):
    """A count by visit, people in two kinds, visits in random order."""
    rng = np.random.default_rng(seed)
    person = rng.permutation(np.repeat(np.arange(people), rng.integers(1, 5, people)))
    kind = rng.integers(0, 2, people)
    return rng.poisson(np.where(kind[person] == 0, 2.0, 5.0))[:, None].astype(float), person, kind


def log_densities(x, rates):
    return x * np.log(rates) - rates - np.array([[math.lgamma(v + 1)] for v in x[:, 0]])


@pytest.fixture(scope="module")
def fitted():
    X, person, _ = counts()
    return Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(X, groups=person), X, person


def test_numbers_are_those_of_the_formula(fitted):
    mixture, X, person = fitted
    rates = mixture.parameters_["value"][2:]
    rows = log_densities(X, rates)
    joint = np.array([np.log(mixture.weights_) + rows[person == g].sum(axis=0) for g in range(person.max() + 1)])
    by_group = np.log(np.exp(joint).sum(axis=1))
    assert mixture.score_samples(X, person).sum() == pytest.approx(by_group.sum())
    assert mixture.report_.log_likelihood == pytest.approx(by_group.sum())
    expected = np.exp(joint - by_group[:, None])[person]
    np.testing.assert_allclose(mixture.predict_proba(X, person), expected, atol=1e-12)
    np.testing.assert_array_equal(mixture.predict(X, person), expected.argmax(axis=1))
    assert mixture.score(X, groups=person) == pytest.approx(by_group.sum() / len(X))
    assert mixture.bic(X, person) == pytest.approx(-2 * by_group.sum() + 3 * np.log(len(X)))
    first = np.flatnonzero(person == person[0])[0]  # a first row knows nothing of its group
    assert mixture.score_samples(X, person)[first] == pytest.approx(
        np.log(np.exp(np.log(mixture.weights_) + rows[first]).sum()))


def test_groups_change_the_fit_and_their_names_do_not(fitted):
    mixture, X, person = fitted
    alone = Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(X)
    assert abs(alone.parameters_["value"] - mixture.parameters_["value"]).max() > 1e-3
    words = np.array([f"p{p}" for p in person], dtype=object)
    again = Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(X, groups=words)
    np.testing.assert_array_equal(again.parameters_["value"], mixture.parameters_["value"])
    each = Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(X, groups=range(len(X)))
    assert each.report_.log_likelihood == pytest.approx(alone.report_.log_likelihood)


def test_labels_weights_and_standard_errors(fitted):
    mixture, X, person = fitted
    labels = np.full(len(X), -1)
    labels[0] = 1
    labelled = Mixture("poisson", n_components=2, random_state=0).fit(X, labels=labels, groups=person)
    # The label of a row is its group's, but a fitted model does not know the labels.
    assert labelled.report_.log_likelihood < mixture.report_.log_likelihood
    doubled = Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(
        X, sample_weight=np.full(len(X), 2), groups=person)
    assert doubled.report_.log_likelihood == pytest.approx(2 * mixture.report_.log_likelihood, abs=1e-4)
    with pytest.raises(ValueError, match="weight"):
        Mixture("poisson", n_components=2).fit(X, sample_weight=np.arange(1, len(X) + 1), groups=person)

    def log_likelihood(v):
        rows = log_densities(X, np.array(v[1:]))
        joint = [np.log([v[0], 1 - v[0]]) + rows[person == g].sum(axis=0) for g in range(person.max() + 1)]
        return np.log(np.exp(joint).sum(axis=1)).sum()

    at = mixture.parameters_["value"][[0, 2, 3]]
    h = 1e-4 * np.eye(3)
    hessian = np.array([[(log_likelihood(at + a + b) - log_likelihood(at + a - b) - log_likelihood(at - a + b)
                          + log_likelihood(at - a - b)) / 4e-8 for b in h] for a in h])
    table = mixture.standard_errors(X, groups=person)
    np.testing.assert_allclose(table["standard_error"][[0, 2, 3]], np.sqrt(np.diag(np.linalg.inv(-hessian))), rtol=1e-3)
    assert len(mixture.diagnose(X, groups=person).parameters) == 4


def test_the_tools_groups_are_ours(tool, tmp_path):
    path = tmp_path / "model.json"
    command = ["fit", "mixture", "data/betablocker.csv", "-k", "2", "--columns", "Deaths:binomial(trials=Total)", "--group",
               "Center", "--seed", "1", "-o", path]
    subprocess.run([tool, *command], check=True, capture_output=True, cwd=SOURCE)
    values = read_columns("data/betablocker.csv", ["Deaths", "Total", "Center"])
    table = dict(zip(("Deaths", "Total", "Center"), values.T))
    own = Mixture("Deaths:binomial(trials=Total)", n_components=2, random_state=1).fit(table, groups="Center")
    loaded = jensen.load(path)
    np.testing.assert_allclose(loaded.parameters_["value"], own.parameters_["value"], rtol=1e-6)
    np.testing.assert_allclose(loaded.predict_proba(table), own.predict_proba(table, table["Center"]), atol=1e-6)
    own.save(tmp_path / "own.json")
    shown = subprocess.run([tool, "predict", tmp_path / "own.json", "data/betablocker.csv"], check=True, cwd=SOURCE,
                           capture_output=True, text=True).stdout.split()[1:]
    np.testing.assert_array_equal(np.array(shown, dtype=int), own.predict(table))
    again = pickle.loads(pickle.dumps(own))
    np.testing.assert_array_equal(again.score_samples(table), own.score_samples(table))


def test_a_column_of_the_table_names_groups():
    X, person, _ = counts()
    table = {"visits": X[:, 0], "person": person}
    mixture = Mixture("poisson", n_components=2, random_state=0, n_init=3).fit(table, groups="person")
    assert mixture.feature_names_in_.tolist() == ["visits"]
    np.testing.assert_array_equal(mixture.predict(table), mixture.predict(table, groups=person))
    assert mixture.sample(4)[1].tolist() in ([0] * 4, [1] * 4)


def test_selection_over_groups(tool):
    values = read_columns("data/betablocker.csv", ["Deaths", "Total", "Center"])
    table = dict(zip(("Deaths", "Total", "Center"), values.T))
    options = {"columns": "Deaths:binomial(trials=Total)", "random_state": 1, "n_init": 5}
    result = jensen.select(table, [1, 2, 3], groups="Center", **options)
    own = Mixture("Deaths:binomial(trials=Total)", n_components=2, random_state=1, n_init=5).fit(table, groups="Center")
    bic = dict(zip(result.table["components"].tolist(), result.table["bic"].tolist()))
    assert bic[2] == pytest.approx(own.report_.bic, abs=1e-6)
    shown = subprocess.run([tool, "select", "mixture", "data/betablocker.csv", "-k", "1..3", "--columns",
                            "Deaths:binomial(trials=Total)", "--group", "Center", "--seed", "1", "--restarts", "5", "--json"],
                           check=True, capture_output=True, text=True, cwd=SOURCE).stdout
    for candidate in json.loads(shown)["candidates"]:
        assert bic[candidate["components"]] == pytest.approx(candidate["bic"], abs=1e-6)
    best = result.best  # a mixture of groups, that knows the column
    assert best.n_components == min(bic, key=bic.get)
    np.testing.assert_array_equal(best.predict(table), best.predict(table, groups=table["Center"]))
    alone = jensen.select(table, [1, 2, 3], **options)
    assert max(abs(alone.table["bic"] - result.table["bic"])) > 1


def test_folds_hold_whole_groups_out():
    X, person, _ = counts()
    options = {"columns": "poisson", "random_state": 0, "n_init": 2, "folds": 3, "bootstrap": 4}
    result = jensen.select(X, [1, 2], groups=person, **options)
    by_components = dict(zip(result.table["components"].tolist(), result.table["cross_validated"].tolist()))
    rows = jensen.select(X, [1, 2], **options)
    alone = dict(zip(rows.table["components"].tolist(), rows.table["cross_validated"].tolist()))
    # Two kinds of people are told better from their visits together than from each visit.
    assert by_components[2] - by_components[1] > alone[2] - alone[1]
    assert result.table["p_value"][result.table["components"] == 1] == pytest.approx(1 / 5)
    with pytest.raises(jensen.ArgumentError, match="groups.*need columns"):
        jensen.select(X, [1, 2], groups=person)


def test_what_is_refused(fitted):
    mixture, X, person = fitted
    with pytest.raises(jensen.ArgumentError, match="groups: must be given"):
        mixture.predict(X)
    with pytest.raises(jensen.ArgumentError, match="fitted without groups"):
        Mixture("poisson").fit(X).predict(X, groups=person)
    with pytest.raises(ValueError, match="groups must name the group of each of the"):
        mixture.predict(X, groups=person[:3])
    with pytest.raises(jensen.DataError, match="groups: row 2 is missing"):
        mixture.predict(X[:3], groups=["a", None, "b"])
    with pytest.raises(jensen.UnsupportedError, match="gate"):
        Mixture("x1:poisson", gate=["x2"], n_components=2).fit(np.hstack([X, X]), groups=person)


def test_metadata_routing():
    sklearn = pytest.importorskip("sklearn")
    from sklearn.model_selection import GroupKFold, cross_validate

    X, person, _ = counts()
    mixture = Mixture("poisson", n_components=2, random_state=0, n_init=1)
    with sklearn.config_context(enable_metadata_routing=True):
        routed = mixture.set_fit_request(groups=True).set_score_request(groups=True)
        found = cross_validate(routed, X, params={"groups": person}, cv=GroupKFold(3))["test_score"]
    expected = [mixture.fit(X[fit], groups=person[fit]).score(X[test], groups=person[test])
                for fit, test in GroupKFold(3).split(X, groups=person)]
    np.testing.assert_allclose(found, expected)
