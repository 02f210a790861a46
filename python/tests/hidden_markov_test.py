"""jensen.HiddenMarkov."""

import itertools
import pickle
import subprocess

import numpy as np
import pytest

import jensen
from conftest import SOURCE, golden_cases, read_columns
from jensen import HiddenMarkov


def chain_data(lengths=(60, 40, 50), seed=0):
    rng = np.random.default_rng(seed)
    states = np.concatenate([np.arange(n) // 10 % 2 for n in lengths])
    return rng.normal(4 * states[:, None] * [1, -1], 1), list(lengths), states


@pytest.fixture(scope="module")
def fitted():
    X, lengths, _ = chain_data()
    return HiddenMarkov("gaussian", n_components=2, random_state=0).fit(X, lengths)


def test_stays_have_lengths_of_their_own(tmp_path):
    X, lengths, states = chain_data((120, 90))
    model = HiddenMarkov(n_components=2, durations="poisson", max_duration=30, random_state=0).fit(X, lengths)
    values = dict(zip(*(model.parameters_[name] for name in ("parameter", "value"))))
    assert 8 < values["duration.rate[0]"] < 10  # stays are of ten rows: nine more than one
    assert model.transmat_.tolist() == [[0, 1], [1, 0]]
    assert np.mean(model.predict(X, lengths) == (states if model.means_[0, 0] < 2 else 1 - states)) > 0.95
    assert model.report_.free_parameters == 1 + 2 + 10
    model.save(tmp_path / "stays.json")
    read = jensen.load(tmp_path / "stays.json")
    assert (read.durations, read.max_duration) == ("poisson", 30)
    assert read.score(X, lengths) == model.score(X, lengths)
    with pytest.raises(jensen.exceptions.ArgumentError, match="max_duration"):
        HiddenMarkov(n_components=2, durations="free").fit(X, lengths)
    with pytest.raises(jensen.exceptions.ArgumentError, match="max_duration"):
        HiddenMarkov(n_components=2, max_duration=5).fit(X, lengths)


def test_sequences_fall_into_clusters(tmp_path):
    rng = np.random.default_rng(0)
    lengths = [30] * 24
    stays = [0.9 if s % 2 else 0.2 for s in range(24)]
    rows = []
    for stay in stays:
        state = 0
        for _ in range(30):
            state = state if rng.random() < stay else 1 - state
            rows.append(3 * state + rng.normal())
    X = np.array(rows)[:, None]
    model = HiddenMarkov(n_components=2, clusters=2, random_state=0).fit(X, lengths)
    cluster = model.predict_cluster(X, lengths)
    right = np.mean(cluster == np.arange(24) % 2)
    assert max(right, 1 - right) > 0.9
    assert model.cluster_weights_ == pytest.approx(model.startprob_.reshape(2, 2).sum(axis=1))
    assert model.cluster_weights_[0] >= model.cluster_weights_[1]
    assert model.transmat_.shape == (4, 4)
    assert not model.transmat_[:2, 2:].any()
    assert not model.transmat_[2:, :2].any()
    p = model.predict_cluster_proba(X, lengths)
    assert p.shape == (24, 2)
    assert p.sum(axis=1) == pytest.approx(1)
    # Bayes' theorem over the clusters, each a hidden Markov model of its own.
    states = model.predict_proba(X, lengths).reshape(24, 30, 2, 2)
    assert states.sum(axis=3) == pytest.approx(np.broadcast_to(p[:, None, :], (24, 30, 2)))
    first = X[:30, 0]
    evidence = []
    for c in range(2):
        own = slice(2 * c, 2 * c + 2)
        forward = model.startprob_[own]
        for t, x in enumerate(first):
            density = np.array([normal(np.array([x]), m, v) for m, v in zip(model.means_[own], model.covars_[own])])
            forward = (forward if t == 0 else forward @ model.transmat_[own, own]) * density
        evidence.append(forward.sum())
    assert p[0] == pytest.approx(np.array(evidence) / sum(evidence))
    assert set(model.predict(X, lengths) // 2) == {0, 1}
    model.save(tmp_path / "clusters.json")
    read = jensen.load(tmp_path / "clusters.json")
    assert (read.n_components, read.clusters) == (2, 2)
    assert np.array_equal(read.predict_cluster(X, lengths), cluster)
    assert pickle.loads(pickle.dumps(model)).score(X, lengths) == model.score(X, lengths)
    assert np.array_equal(HiddenMarkov(n_components=2, random_state=0).fit(X, lengths).predict_cluster(X, lengths),
                          np.zeros(24))
    for options, words in (({"durations": "poisson"}, "durations"), ({"initial": "stationary"}, "stationary"),
                           ({"initial": "uniform"}, "uniform"), ({"clusters": 25}, "number of sequences")):
        with pytest.raises(jensen.exceptions.ArgumentError, match=words):
            HiddenMarkov(**{"n_components": 2, "clusters": 2, **options}).fit(X, lengths)
    with pytest.raises(jensen.exceptions.ArgumentError, match="labels"):
        HiddenMarkov(n_components=2, clusters=2).fit(X, lengths, labels=np.zeros(720, dtype=int))
    with pytest.raises(jensen.exceptions.UnsupportedError, match="clusters"):
        HiddenMarkov(n_components=2, clusters=2, start=model).fit(X, lengths)


def test_checkpoints_change_nothing_but_memory(fitted, tmp_path):
    X, lengths, _ = chain_data()
    model = HiddenMarkov("gaussian", n_components=2, random_state=0, memory="checkpoints").fit(X, lengths)
    assert np.array_equal(model.transmat_, fitted.transmat_)
    assert np.array_equal(model.predict_proba(X, lengths), fitted.predict_proba(X, lengths))
    model.save(tmp_path / "little.json")
    assert jensen.load(tmp_path / "little.json").memory == "checkpoints"
    begun = HiddenMarkov("gaussian", n_components=2, start=fitted, memory="checkpoints").fit(X, lengths)
    begun.save(tmp_path / "begun.json")
    assert jensen.load(tmp_path / "begun.json").memory == "checkpoints"
    with pytest.raises(jensen.exceptions.ArgumentError, match="memory"):
        HiddenMarkov(n_components=2, memory="checkpoints", durations="poisson").fit(X, lengths)
    with pytest.raises(jensen.exceptions.ArgumentError, match="memory"):
        HiddenMarkov(n_components=2, memory="some").fit(X, lengths)


def normal(x, mean, covariance):
    centered = x - mean
    distance = centered @ np.linalg.solve(covariance, centered)
    return np.exp(-distance / 2) / np.sqrt(np.linalg.det(2 * np.pi * covariance))


def paths_of(model, X):
    """Every path with p(X, path)."""
    densities = np.array([[normal(x, m, c) for m, c in zip(model.means_, model.covars_)] for x in X])
    for path in itertools.product(range(len(model.startprob_)), repeat=len(X)):
        p = model.startprob_[path[0]] * densities[0, path[0]]
        for t in range(1, len(X)):
            p *= model.transmat_[path[t - 1], path[t]] * densities[t, path[t]]
        yield path, p


def test_everything_is_what_summing_over_all_paths_says():
    X, lengths, _ = chain_data((7, 6), seed=1)
    model = HiddenMarkov(n_components=2, covariance_type="tied", random_state=0).fit(X, lengths)
    total, best, value = 0.0, [], 0.0
    marginals = []
    for sequence in (X[:7], X[7:]):
        paths = list(paths_of(model, sequence))
        evidence = sum(p for _, p in paths)
        total += np.log(evidence)
        path, p = max(paths, key=lambda one: one[1])
        best += path
        value += np.log(p)
        marginals += [[sum(p for path, p in paths if path[t] == k) / evidence for k in range(2)]
                      for t in range(len(sequence))]
    assert model.score(X, lengths) == pytest.approx(total)
    assert model.report_.log_likelihood == pytest.approx(total)
    log_prob, path = model.decode(X, lengths)
    assert log_prob == pytest.approx(value)
    assert path.tolist() == best
    assert model.predict(X, lengths).tolist() == best
    np.testing.assert_allclose(model.predict_proba(X, lengths), marginals, atol=1e-9)
    assert model.score_samples(X, lengths).sum() == pytest.approx(total)
    p = model.report_.free_parameters
    assert p == 1 + 2 + 4 + 3
    assert model.bic(X, lengths) == pytest.approx(-2 * total + p * np.log(13))
    assert model.aic(X, lengths) == pytest.approx(-2 * total + 2 * p)


def test_states_are_found(fitted):
    X, lengths, states = chain_data()
    found = fitted.predict(X, lengths)
    assert max(np.mean(found == states), np.mean(found != states)) > 0.98
    assert fitted.converged_
    np.testing.assert_allclose(fitted.transmat_.sum(axis=1), 1)
    assert fitted.startprob_.sum() == pytest.approx(1)


def test_lengths_matter(fitted):
    X, lengths, _ = chain_data()
    assert fitted.score(X) != fitted.score(X, lengths)
    parts = np.split(X, np.cumsum(lengths)[:-1])
    assert sum(fitted.score(part) for part in parts) == pytest.approx(fitted.score(X, lengths))
    whole = HiddenMarkov(n_components=2, random_state=0).fit(X)
    assert not np.allclose(whole.transmat_, fitted.transmat_)
    for wrong in ([10, 20], [150, 0], [[150]], [75.5, 74.5]):
        with pytest.raises(ValueError, match="lengths"):
            fitted.score(X, wrong)


def test_golden_cases():
    cases = [c for c in golden_cases("hidden_markov")
             if c["kind"] == "global" and not c["dataset"]["path"].startswith("data/in_place")]
    assert len(cases) == 2
    for case in cases:
        X = read_columns(case["dataset"]["path"], case["dataset"]["columns"])
        lengths = case["dataset"]["sequence_lengths"]
        model = HiddenMarkov(n_components=2, prior="none", random_state=1, n_init=10, tol=1e-12).fit(X, lengths)
        expected = case["result"]["params"]
        assert model.report_.log_likelihood == pytest.approx(case["result"]["loglik"], abs=1e-5)
        assert model.report_.free_parameters == case["result"]["n_params"]
        order = slice(None) if abs(model.means_[0, 0] - expected["means"][0][0]) < 1e-3 else slice(None, None, -1)
        np.testing.assert_allclose(model.means_[order], expected["means"], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(model.transmat_[order, order], expected["transmat"], rtol=1e-4)
        np.testing.assert_allclose(model.covariances_[order], expected["covariances"], rtol=1e-3)


def test_paths_are_those_of_hmmlearn():
    case = next(c for c in golden_cases("hidden_markov") if c["id"] == "hmm_gaussian_faithful_K2_full_frominit")
    X = read_columns(case["dataset"]["path"], case["dataset"]["columns"])
    model = HiddenMarkov(n_components=2, prior="none", random_state=0, tol=1e-13).fit(X)
    log_prob, path = model.decode(X)
    assert log_prob == pytest.approx(case["decoding"]["viterbi_logprob"], abs=1e-4)
    expected = np.array(case["decoding"]["viterbi_path"])
    assert (path == expected).all() or (path == 1 - expected).all()


@pytest.mark.parametrize("structure, free", [("full", 6), ("tied", 3), ("diag", 4), ("spherical", 2), ("EII", 1)])
def test_structures(structure, free):
    X, lengths, _ = chain_data()
    model = HiddenMarkov(n_components=2, covariance_type=structure, random_state=0, n_init=2).fit(X, lengths)
    assert model.report_.free_parameters == 3 + 4 + free
    assert model.covars_.shape == (2, 2, 2)


def test_other_emissions():
    rng = np.random.default_rng(0)
    states = np.repeat([0, 1, 0, 1], 50)
    counts = rng.poisson(np.where(states, 20, 3))[:, None]
    model = HiddenMarkov("poisson", n_components=2, random_state=0).fit(counts)
    own = dict(zip(model.parameters_["parameter"].tolist(), model.parameters_["value"].tolist()))
    rates = sorted([own["x1.rate[0]"], own["x1.rate[1]"]])
    np.testing.assert_allclose(rates, [counts[states == 0].mean(), counts[states == 1].mean()], rtol=0.02)
    assert not hasattr(model, "means_")
    assert own["transition[0,0]"] == model.transmat_[0, 0]
    words = (rng.random(200) < np.where(states, 0.9, 0.1)).astype(float)[:, None]
    model = HiddenMarkov("categorical", n_components=2, random_state=0).fit(words)
    assert max(np.mean(model.predict(words) == states), np.mean(model.predict(words) != states)) > 0.9
    with pytest.raises(jensen.ArgumentError, match="covariance_type"):
        HiddenMarkov("poisson", covariance_type="diag").fit(counts)
    with pytest.raises(jensen.DataError, match="row 3"):
        HiddenMarkov("poisson").fit([[1.0], [2], [-1]])
    with pytest.raises(ValueError, match="wrong"):
        HiddenMarkov("wrong").fit(counts)


def test_gaps_are_integrated_out(fitted):
    X, lengths, _ = chain_data()
    holed = X.copy()
    holed[20:23] = np.nan
    holed[5, 0] = np.nan
    model = HiddenMarkov(n_components=2, random_state=0).fit(holed, lengths)
    assert model.converged_
    np.testing.assert_allclose(np.sort(model.means_[:, 0]), np.sort(fitted.means_[:, 0]), atol=0.2)
    assert fitted.score_samples(np.full((3, 2), np.nan)).tolist() == pytest.approx([0, 0, 0], abs=1e-12)


def test_options_matter():
    X, lengths, states = chain_data()
    plain = HiddenMarkov(n_components=2, random_state=0).fit(X, lengths)
    counted = HiddenMarkov(n_components=2, random_state=0, pseudo_count=50).fit(X, lengths)
    assert np.abs(counted.transmat_ - 0.5).max() < np.abs(plain.transmat_ - 0.5).max()
    weighted = HiddenMarkov(n_components=2, random_state=0).fit(X, lengths, sample_weight=[1, 5, 1])
    assert not np.allclose(weighted.means_, plain.means_)
    labels = np.full(len(X), -1)
    labels[np.flatnonzero(states)[:5]] = 0
    labels[np.flatnonzero(states == 0)[:5]] = 1
    assert HiddenMarkov(n_components=2, random_state=0).fit(X, lengths, labels=labels).means_[0, 0] > 2
    with pytest.warns(jensen.ConvergenceWarning):
        assert HiddenMarkov(n_components=2, random_state=0, max_iter=2).fit(X, lengths).n_iter_ == 2
    with pytest.raises(ValueError, match="sample_weight"):
        HiddenMarkov().fit(X, lengths, sample_weight=[1, 2])
    for bad in ({"n_components": 0}, {"init_params": "x"}, {"prior": "x"}, {"pseudo_count": -1}, {"emissions": 3}):
        with pytest.raises(ValueError, match=next(iter(bad)).replace("pseudo_count", "count")):
            HiddenMarkov(**bad).fit(X, lengths)


def test_a_given_start(fitted):
    X, lengths, _ = chain_data()
    again = HiddenMarkov(n_components=2, start=fitted).fit(X, lengths)
    assert again.report_.trace["log_likelihood"][0] == pytest.approx(fitted.report_.log_likelihood)
    np.testing.assert_allclose(again.means_, fitted.means_, atol=1e-4)
    swapped = dict(zip(fitted.parameters_["parameter"].tolist(), fitted.parameters_["value"].tolist()))
    first, second = "x1+x2.mean[0,{}]", "x1+x2.mean[1,{}]"
    start = {name: 0.5 for name in swapped if name.startswith(("initial", "transition"))}
    for j in range(2):
        start[first.format(j)], start[second.format(j)] = swapped[second.format(j)], swapped[first.format(j)]
    other = HiddenMarkov(n_components=2, start=start, random_state=0).fit(X, lengths)
    np.testing.assert_allclose(other.means_[::-1], fitted.means_, atol=0.01)
    assert other.report_.log_likelihood == pytest.approx(fitted.report_.log_likelihood, abs=1e-3)
    with pytest.warns(jensen.ConvergenceWarning):
        kept = HiddenMarkov(n_components=2, start={"transition[0,0]": 0.25, "transition[0,1]": 0.75}, max_iter=0,
                            random_state=0).fit(X, lengths)
    assert kept.transmat_[0].tolist() == [0.25, 0.75]
    for wrong in ({"speed[0]": 1}, "here", HiddenMarkov("poisson", n_components=1).fit([[1.0], [2], [3]])):
        with pytest.raises(jensen.ArgumentError, match="start"):
            HiddenMarkov(n_components=2, start=wrong).fit(X, lengths)


def test_sample_follows_the_chain(fitted):
    X, states = fitted.sample(5000)
    moves = np.zeros((2, 2))
    np.add.at(moves, (states[:-1], states[1:]), 1)
    np.testing.assert_allclose(moves / moves.sum(axis=1, keepdims=True), fitted.transmat_, atol=0.05)
    for k in range(2):
        np.testing.assert_allclose(X[states == k].mean(axis=0), fitted.means_[k], atol=0.2)


def test_standard_errors(fitted):
    X, lengths, _ = chain_data()
    table = fitted.standard_errors(X, lengths)
    assert table["parameter"].tolist() == fitted.parameters_["parameter"].tolist()
    mean = table["parameter"].tolist().index("transition[0,0]")
    assert 0 < table["standard_error"][mean] < 0.2


@pytest.mark.filterwarnings("ignore")
def test_pickle_keeps_every_bit(fitted):
    X, lengths, _ = chain_data()
    again = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(again.predict_proba(X, lengths), fitted.predict_proba(X, lengths))
    np.testing.assert_array_equal(again.covars_, fitted.covars_)
    words = np.array([[0.0], [0], [1], [1], [0], [2], [2], [2]] * 3)
    model = HiddenMarkov("categorical", n_components=2, random_state=0, n_init=2, max_iter=20).fit(words)
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(model)).score_samples(words), model.score_samples(words))


def test_chains_of_other_forms():
    X, lengths, _ = chain_data()
    onwards = HiddenMarkov(n_components=3, random_state=0, transitions="left-right").fit(X, lengths)
    assert onwards.startprob_.tolist() == [1, 0, 0]
    assert onwards.transmat_[1, 0] == onwards.transmat_[2, 0] == onwards.transmat_[0, 2] == 0
    banded = HiddenMarkov(n_components=3, random_state=0, transitions="banded:1").fit(X, lengths)
    assert banded.transmat_[0, 2] == banded.transmat_[2, 0] == 0 < banded.transmat_[2, 1] + banded.transmat_[1, 0]
    stationary = HiddenMarkov(n_components=2, random_state=0, initial="stationary").fit(X, lengths)
    np.testing.assert_allclose(stationary.startprob_ @ stationary.transmat_, stationary.startprob_, atol=1e-9)
    uniform = HiddenMarkov(n_components=2, random_state=0, initial="uniform").fit(X, lengths)
    assert uniform.startprob_.tolist() == [0.5, 0.5]
    for bad in ({"transitions": "sideways"}, {"initial": "last"}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            HiddenMarkov(n_components=2, **bad).fit(X, lengths)


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_files_are_shared_with_the_command_line(tool, tmp_path):
    path = tmp_path / "model.json"
    subprocess.run([tool, "fit", "hidden-markov", SOURCE / "data/earthquakes.csv", "-k", "3", "--columns",
                    "count:poisson", "--restarts", "3", "--seed", "1", "-o", path], check=True, capture_output=True)
    loaded = jensen.load(path)
    assert (loaded.emissions, loaded.n_components, loaded.converged_) == ("poisson", 3, True)
    counts = np.loadtxt(SOURCE / "data/earthquakes.csv", delimiter=",", skiprows=1, usecols=[-1])[:, None]
    assert loaded.score(counts) == pytest.approx(loaded.report_.log_likelihood)
    X, lengths, _ = chain_data()
    own = HiddenMarkov(n_components=2, covariance_type="diag", random_state=0).fit(X, lengths)
    own.save(path)
    again = jensen.load(path)
    assert again.covariance_type == "diag"
    np.testing.assert_array_equal(again.covariances_, own.covariances_)
    np.testing.assert_array_equal(again.predict_proba(X, lengths), own.predict_proba(X, lengths))
    np.testing.assert_array_equal(again.standard_errors(X, lengths)["standard_error"],
                                  own.standard_errors(X, lengths)["standard_error"])
    subprocess.run([tool, "describe", path], check=True, capture_output=True)


def test_unfitted():
    with pytest.raises(jensen.NotFittedError):
        HiddenMarkov().predict([[1.0], [2.0]])
    assert repr(HiddenMarkov("poisson", n_components=3)) == "HiddenMarkov(emissions='poisson', n_components=3)"
    assert pickle.loads(pickle.dumps(HiddenMarkov("poisson"))).emissions == "poisson"


def doses(rows=400):
    rng = np.random.default_rng(3)
    dose = (np.arange(rows) // 10 % 2).astype(float)
    times = np.cumsum(rng.choice([0.5, 1.0, 2.0], size=rows))
    states = np.zeros(rows, dtype=int)
    for t in range(1, rows):
        odds = np.exp(-2 + 2 * dose[t]) if states[t - 1] == 0 else np.exp(-0.5 - 2 * dose[t])
        states[t] = states[t - 1] ^ (rng.uniform() < odds / (1 + odds))
    return np.column_stack([dose, 5 * states + rng.normal(size=rows), times]), states


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_transitions_depend_on_inputs(tmp_path):
    X, states = doses()
    X = X[:, :2]
    chain = HiddenMarkov(n_components=2, transition_inputs=[0], random_state=0).fit(X)
    assert chain.transmat_ is None
    assert chain.n_features_in_ == 2
    value = dict(zip(chain.parameters_["parameter"], chain.parameters_["value"]))
    assert value["logit[0,1,1]"] > 1
    assert value["logit[1,0,1]"] < -1
    assert np.mean(chain.predict(X) == states) > 0.97
    plain = HiddenMarkov(n_components=2, random_state=0).fit(X[:, 1:])
    assert chain.score(X) > plain.score(X[:, 1:]) + 5
    with pytest.raises(jensen.UnsupportedError, match="given x1"):
        chain.sample(5)
    for bad in ([2], [-1], ["x"]):
        with pytest.raises(jensen.ArgumentError, match="transition_inputs: must be columns of X"):
            HiddenMarkov(n_components=2, transition_inputs=bad).fit(X)
    path = str(tmp_path / "chain.json")
    chain.save(path)
    again = jensen.load(path)
    np.testing.assert_allclose(again.score(X[:, ::-1]), chain.score(X))


@pytest.mark.filterwarnings("ignore:X does not have valid feature names")
def test_first_states_depend_on_inputs(tmp_path):
    rng = np.random.default_rng(0)
    lengths = [6] * 80
    sex = np.arange(80) % 2
    rows = []
    for s in range(80):
        state = int(rng.random() < (0.8 if sex[s] else 0.2))
        for t in range(6):
            state = state if t == 0 or rng.random() < 0.8 else 1 - state
            rows.append((4 * state + rng.normal(), sex[s] if t == 0 else np.nan))
    X = np.array(rows)
    model = HiddenMarkov(n_components=2, initial_inputs=[1], random_state=0).fit(X, lengths)
    value = dict(zip(model.parameters_["parameter"], model.parameters_["value"]))
    assert value["initial_logit[1,1]"] > 1
    assert model.startprob_ is None
    assert model.transmat_[0, 1] == value["transition[0,1]"]
    plain = HiddenMarkov(n_components=2, random_state=0).fit(X[:, :1], lengths)
    assert model.score(X, lengths) > plain.score(X[:, :1], lengths) + 3
    # Rows to come do not depend on it.
    ahead = model.forecast(X, lengths, steps=2)
    last = model.predict_proba(X, lengths)[np.cumsum(lengths) - 1]
    np.testing.assert_allclose(ahead["probability_1"][::2], last @ model.transmat_[:, 1], atol=1e-12)
    with pytest.raises(jensen.ArgumentError, match="inputs: do not apply"):
        model.forecast(X, lengths, inputs=[[1.0]])
    path = str(tmp_path / "beginnings.json")
    model.save(path)
    again = jensen.load(path)
    assert (tuple(again.transition_inputs), tuple(again.initial_inputs)) == ((), (1,))
    assert again.score(X, lengths) == model.score(X, lengths)
    both = HiddenMarkov(n_components=2, transition_inputs=[1], initial_inputs=[1], random_state=0)
    filled = np.column_stack([X[:, 0], np.repeat(sex, 6)])
    both.fit(filled, lengths)
    assert both.transmat_ is None and both.startprob_ is None
    assert len(both.forecast(filled, lengths, inputs=[[1.0]] * 80)["step"]) == 80
    with pytest.raises(jensen.ArgumentError, match="time: does not go with initial_inputs"):
        HiddenMarkov(n_components=2, time=0, initial_inputs=[1]).fit(X, lengths)
    with pytest.raises(jensen.ArgumentError, match="initial_inputs: must be columns of X"):
        HiddenMarkov(n_components=2, initial_inputs=[2]).fit(X, lengths)


def test_continuous_time():
    X, states = doses()
    X = X[:, 1:]
    chain = HiddenMarkov(n_components=2, time=1, random_state=0).fit(X)
    value = dict(zip(chain.parameters_["parameter"], chain.parameters_["value"]))
    assert 0.05 < value["rate[0,1]"] < 1
    assert np.mean(chain.predict(X) == states) > 0.97
    # Another unit of time is another unit of rates.
    slower = HiddenMarkov(n_components=2, time=1, random_state=0).fit(X * [1, 10])
    np.testing.assert_allclose(slower.score(X * [1, 10]), chain.score(X))
    with pytest.raises(jensen.ArgumentError, match="time: does not go with transition_inputs"):
        HiddenMarkov(n_components=2, time=1, transition_inputs=[0]).fit(X)
    with pytest.raises(ValueError, match="does not come after"):
        chain.score(X[::-1])


def test_forecasts_are_mixtures_over_the_states(fitted, tool, tmp_path):
    X, lengths, _ = chain_data()
    ahead = fitted.forecast(X, lengths, steps=3, level=0.5)
    assert ahead["sequence"].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2]
    assert ahead["step"].tolist() == [1, 2, 3] * 3
    states = np.column_stack([ahead["probability_0"], ahead["probability_1"]])
    last = fitted.predict_proba(X, lengths)[np.cumsum(lengths) - 1]
    np.testing.assert_allclose(states[::3], last @ fitted.transmat_, atol=1e-12)
    np.testing.assert_allclose(states[1::3], last @ fitted.transmat_ @ fitted.transmat_, atol=1e-12)
    np.testing.assert_allclose(ahead["x2_mean"], states @ fitted.means_[:, 1], atol=1e-12)
    wide = fitted.forecast(X, lengths, level=0.9)
    assert np.all(wide["x1_upper"] > ahead["x1_upper"][::3])
    # The command line says the same.
    fitted.save(tmp_path / "m.json")
    np.savetxt(tmp_path / "x.csv", X, delimiter=",", header="x1,x2", comments="", fmt="%.17g")
    text = subprocess.run([tool, "forecast", tmp_path / "m.json", tmp_path / "x.csv"], check=True, capture_output=True,
                          text=True).stdout
    names, values = (line.split(",") for line in text.splitlines())
    told = dict(zip(names, map(float, values)))
    alone = fitted.forecast(X)
    for name in ("probability_1", "x1_mean", "x1_lower", "x2_upper"):
        assert told[name] == pytest.approx(alone[name][0], rel=1e-12)
    with pytest.raises(jensen.exceptions.ArgumentError, match="inputs: do not apply"):
        fitted.forecast(X, inputs=[[1.0]])
    with pytest.raises(jensen.exceptions.ArgumentError, match="steps"):
        fitted.forecast(X, steps=0)


def test_forecasts_are_told_what_the_chain_reads():
    rng = np.random.default_rng(3)
    states = np.arange(200) // 10 % 2
    X = np.column_stack([np.roll(states, -2) + 0.1 * rng.normal(size=200), 4 * states + rng.normal(size=200)])
    model = HiddenMarkov(n_components=2, transition_inputs=[0], random_state=0).fit(X, [100, 100])
    value = dict(zip(*(model.parameters_[name] for name in ("parameter", "value"))))
    u = np.array([0.3, 1.0])
    ahead = model.forecast(X, [100, 100], inputs=u)
    assert ahead.columns[:4] == ["sequence", "step", "probability_0", "probability_1"]
    assert "x2_mean" in ahead and "x1_mean" not in ahead
    up = 1 / (1 + np.exp(-(value["logit[0,1,0]"] + value["logit[0,1,1]"] * u[1])))
    down = 1 / (1 + np.exp(-(value["logit[1,0,0]"] + value["logit[1,0,1]"] * u[1])))
    before = ahead["probability_0"][0]
    assert ahead["probability_0"][1] == pytest.approx(before * (1 - up) + (1 - before) * down, rel=1e-10)
    each = model.forecast(X, [100, 100], inputs=[u[:, None], u[:1, None]])
    assert each["step"].tolist() == [1, 2, 1]
    assert each["probability_0"][:2].tolist() == ahead["probability_0"][:2].tolist()
    for inputs in (None, np.ones((2, 2)), [u], []):
        with pytest.raises(jensen.exceptions.ArgumentError, match="inputs"):
            model.forecast(X, [100, 100], inputs=inputs)


def test_forecasts_of_categories_name_the_most_probable():
    rng = np.random.default_rng(1)
    X = np.where(rng.random(300) < 0.8, np.arange(300) // 50 % 2, 2)[:, None]
    model = HiddenMarkov("categorical", n_components=2, random_state=0).fit(X)
    ahead = model.forecast(X)
    value = dict(zip(*(model.parameters_[name] for name in ("parameter", "value"))))
    level, state = int(ahead["x1"][0]), [ahead["probability_0"][0], ahead["probability_1"][0]]
    each = [sum(state[k] * value[f"x1.probability[{k},{j}]"] for k in range(2)) for j in range(3)]
    assert level == int(np.argmax(each))
    assert ahead["x1_probability"][0] == pytest.approx(each[level], rel=1e-12)


def test_forecasts_of_angles_are_arcs():
    rng = np.random.default_rng(2)
    X = np.angle(np.exp(1j * np.where(np.arange(200) // 20 % 2, 3.1, 0.5) + 0.2j * rng.normal(size=200)))[:, None]
    model = HiddenMarkov("von-mises", n_components=2, random_state=0).fit(X)
    wide, narrow = (model.forecast(X, level=level) for level in (0.9, 0.5))
    assert wide["x1_mean"][0] == narrow["x1_mean"][0]

    def half(ahead):
        return np.angle(np.exp(1j * (ahead["x1_upper"][0] - ahead["x1_mean"][0])))

    assert half(wide) > half(narrow) > 0
