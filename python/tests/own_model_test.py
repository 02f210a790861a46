"""Families and models written in Python."""

import gc
import pickle
import weakref

import numpy as np
import pytest

import jensen
from jensen.parameters import covariance, interval, ordered, positive, probability, real, simplex


class Rayleigh(jensen.Family):
    parameters = {"scale": positive(1.0)}

    def log_density(self, X, theta):
        x = X[:, 0]
        return np.log(x / theta.scale**2) - x**2 / (2 * theta.scale**2)

    def fit(self, X, weights, theta):
        return {"scale": np.sqrt(weights @ X[:, 0] ** 2 / (2 * weights.sum()))}

    def draw(self, theta, generator):
        return generator.rayleigh(theta.scale)


class RayleighBySums(jensen.Family):
    parameters = {"scale": positive(1.0)}
    log_density = Rayleigh.log_density

    def statistics(self, X):
        return np.stack([X[:, 0] ** 2, np.log(X[:, 0])], axis=1)

    def maximize(self, weight, sums, theta):
        return {"scale": np.sqrt(sums[0] / (2 * weight))}

    def expected_log_density(self, weight, sums, theta):
        return sums[1] - weight * np.log(theta.scale**2) - sums[0] / (2 * theta.scale**2)


class Bivariate(jensen.Family):
    """A Gaussian of two columns, to be compared with the library's."""

    parameters = {"mean": real([0.0, 0.0]), "covariance": covariance(np.eye(2))}

    def log_density(self, X, theta):
        away = X - theta.mean
        distance = np.einsum("ij,ij->i", away @ np.linalg.inv(theta.covariance), away)
        return -distance / 2 - np.log(np.linalg.det(2 * np.pi * theta.covariance)) / 2

    def fit(self, X, weights, theta):
        mean = weights @ X / weights.sum()
        away = X - mean
        return {"mean": mean, "covariance": (away * weights[:, None]).T @ away / weights.sum()}


class TwoFactories(jensen.LatentModel):
    parameters = {"mean": positive([10, 100]), "share": probability(0.5)}

    def expect(self, X, weights, theta):
        p = np.array([theta.share, 1 - theta.share]) / theta.mean * np.exp(-X / theta.mean)
        total = p.sum(axis=1)
        r = p / total[:, None] * weights[:, None]
        return weights @ np.log(total), np.array([r.sum(axis=0), r.T @ X[:, 0]])

    def maximize(self, statistics, theta):
        weight, hours = statistics
        return {"mean": hours / weight, "share": weight[0] / weight.sum()}


class FactoriesByStates(TwoFactories):
    states = 2

    def log_joint(self, X, theta):
        return np.log(np.array([theta.share, 1 - theta.share]) / theta.mean) - X / theta.mean

    def statistics(self, X, responsibilities):
        return np.array([responsibilities.sum(axis=0), responsibilities.T @ X[:, 0]])

    def expected_log_joint(self, statistics, theta):
        weight, hours = statistics
        return weight @ np.log(np.array([theta.share, 1 - theta.share]) / theta.mean) - (hours / theta.mean).sum()

    def draw(self, theta, generator):
        z = int(generator.random() >= theta.share)
        return z, generator.exponential(theta.mean[z])


class FactoriesByLogJoint(jensen.DiscreteLatent):
    states = 2
    parameters = TwoFactories.parameters
    log_joint = FactoriesByStates.log_joint


@pytest.fixture(scope="module")
def heights():
    return np.random.default_rng(0).rayleigh(np.repeat([0.5, 4], 150))[:, None]


@pytest.fixture(scope="module")
def hours():
    return np.random.default_rng(1).exponential(np.repeat([8, 120], [120, 180]))[:, None]


def rayleigh_log_likelihood(values, x, weights=1.0):
    share, first, second = values
    p = share * x / first**2 * np.exp(-(x**2) / (2 * first**2))
    return np.sum(weights * np.log(p + (1 - share) * x / second**2 * np.exp(-(x**2) / (2 * second**2))))


def curvature(f, at, h=1e-4):
    """The Hessian by central differences."""
    size = len(at)
    steps = h * np.eye(size)
    return np.array([[(f(at + a + b) - f(at + a - b) - f(at - a + b) + f(at - a - b)) / (4 * h * h) for b in steps]
                     for a in steps])


# Families ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("family", [Rayleigh, RayleighBySums])
def test_a_family_has_all_of_the_engine(family, heights):
    mixture = jensen.Mixture(family(), n_components=2, random_state=0).fit(heights)
    report = mixture.report_
    assert (report.outcome, report.monotone, report.free_parameters) == ("converged", True, 3)
    assert abs(report.bound_gap) < 1e-8 * abs(report.log_likelihood)
    names, values = mixture.parameters_["parameter"].tolist(), mixture.parameters_["value"]
    assert names == ["weight[0]", "weight[1]", "scale[0]", "scale[1]"]
    own = np.array([values[0], values[2], values[3]])
    x = heights[:, 0]
    assert report.log_likelihood == pytest.approx(rayleigh_log_likelihood(own, x))
    assert mixture.score_samples(heights).sum() == pytest.approx(report.log_likelihood)
    table = mixture.standard_errors(heights)
    expected = np.sqrt(np.diag(np.linalg.inv(-curvature(lambda v: rayleigh_log_likelihood(v, x), own))))
    np.testing.assert_allclose(table["standard_error"][[0, 2, 3]], expected, rtol=1e-3)
    assert len(mixture.diagnose(heights).parameters) == 4


def test_both_ways_to_an_m_step_are_one(heights):
    options = dict(n_components=2, random_state=3, n_init=3, acceleration="none")
    first = jensen.Mixture(Rayleigh(), **options).fit(heights)
    second = jensen.Mixture(RayleighBySums(), **options).fit(heights)
    assert first.n_iter_ == second.n_iter_
    np.testing.assert_allclose(first.parameters_["value"], second.parameters_["value"], rtol=1e-9)
    leaping = jensen.Mixture(Rayleigh(), n_components=2, random_state=3, n_init=3, acceleration="squarem").fit(heights)
    assert leaping.report_.log_likelihood == pytest.approx(first.report_.log_likelihood, abs=1e-4)
    assert leaping.n_iter_ < first.n_iter_


def test_a_gaussian_in_python_is_the_librarys(faithful):
    options = dict(n_components=2, random_state=0, prior="none")
    own = jensen.Mixture(Bivariate(), **options).fit(faithful)
    known = jensen.GaussianMixture(**options).fit(faithful)
    assert own.report_.log_likelihood == pytest.approx(known.report_.log_likelihood, abs=1e-4)
    assert own.report_.free_parameters == known.report_.free_parameters
    np.testing.assert_allclose(np.sort(own.weights_), np.sort(known.weights_), atol=1e-4)
    chain = jensen.HiddenMarkov(Bivariate(), n_components=2, random_state=0).fit(faithful)
    known = jensen.HiddenMarkov(n_components=2, random_state=0, prior="none").fit(faithful)
    assert chain.report_.log_likelihood == pytest.approx(known.report_.log_likelihood, abs=1e-4)
    assert chain.predict(faithful)[0] in (0, 1)
    again = pickle.loads(pickle.dumps(chain))
    np.testing.assert_array_equal(again.predict_proba(faithful), chain.predict_proba(faithful))


def test_weights_labels_missing_cells_and_constraints(heights):
    options = dict(n_components=2, random_state=0, init_params="random", n_init=2)
    few = heights[::10]
    weights = np.arange(1, len(few) + 1) % 3
    weighted = jensen.Mixture(Rayleigh(), **options).fit(few, sample_weight=weights)
    repeated = jensen.Mixture(Rayleigh(), **options).fit(np.repeat(few, weights, axis=0))
    np.testing.assert_allclose(np.sort(weighted.parameters_["value"]), np.sort(repeated.parameters_["value"]), rtol=1e-3)
    labels = np.full(len(heights), -1)
    labels[-5:] = 0
    assert jensen.Mixture(Rayleigh(), **options).fit(heights, labels=labels).parameters_["value"][2] > 3
    holed = np.vstack([heights, [[np.nan], [np.nan]]])
    assert jensen.Mixture(Rayleigh(), n_components=2, random_state=0).fit(holed).report_.log_likelihood == pytest.approx(
        jensen.Mixture(Rayleigh(), n_components=2, random_state=0).fit(heights).report_.log_likelihood, abs=1e-3)
    for family in (Rayleigh(), RayleighBySums()):
        held = jensen.Mixture(family, n_components=2, random_state=0,
                              constraints={"fix": {"scale[0]": 0.7}}).fit(heights)
        assert held.parameters_["value"][2] == 0.7
        assert held.report_.free_parameters == 2
        assert held.report_.log_likelihood < rayleigh_log_likelihood([0.5, 0.5, 4], heights[:, 0]) + 10


def test_families_beside_known_kinds(heights):
    rng = np.random.default_rng(2)
    table = {"height": heights[:, 0], "calm": np.where(rng.random(300) < np.repeat([0.9, 0.2], 150), "yes", "no")}
    mixture = jensen.Mixture({"height": Rayleigh(), "calm": "bernoulli"}, n_components=2, random_state=0).fit(table)
    names = mixture.parameters_["parameter"].tolist()
    assert "height.scale[1]" in names and any(name.startswith("calm.") for name in names)
    assert mixture.levels_ == {"calm": ["no", "yes"]}
    found = mixture.predict(table)
    truth = np.repeat([0, 1], 150)
    assert max(np.mean(found == truth), np.mean(found != truth)) > 0.95
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_array_equal(again.score_samples(table), mixture.score_samples(table))
    with pytest.raises(jensen.UnsupportedError, match="save"):
        mixture.save("model.json")


@pytest.mark.parametrize("family", [Rayleigh, RayleighBySums])
def test_standard_errors_outlive_pickles(family, heights):
    constraints = {"fix": {"scale[0]": 0.6}}
    for held in (None, constraints):
        mixture = jensen.Mixture(family(), n_components=2, random_state=0, n_init=2, constraints=held).fit(heights)
        chain = jensen.HiddenMarkov(family(), n_components=2, pseudo_count=0.5, random_state=0, n_init=2,
                                    constraints=held).fit(heights)
        for fitted in (mixture, chain):
            again = pickle.loads(pickle.dumps(fitted))
            expected = fitted.standard_errors(heights)["standard_error"]
            assert np.isfinite(expected).sum() >= 2
            np.testing.assert_allclose(again.standard_errors(heights)["standard_error"], expected, rtol=1e-6)
            assert again.diagnose(heights).gain_left == pytest.approx(fitted.diagnose(heights).gain_left, abs=1e-9)


def test_standard_errors_are_of_the_rows_that_are_given(heights):
    mixture = jensen.Mixture(Rayleigh(), n_components=2, random_state=0).fit(heights)
    by_sums = jensen.Mixture(RayleighBySums(), n_components=2, random_state=0).fit(heights)
    twice = np.vstack([heights, heights])
    np.testing.assert_allclose(mixture.standard_errors(twice)["standard_error"],
                               mixture.standard_errors(heights)["standard_error"] / np.sqrt(2), rtol=1e-4)
    np.testing.assert_allclose(mixture.standard_errors(heights[::2])["standard_error"],
                               by_sums.standard_errors(heights[::2])["standard_error"], rtol=1e-3)
    with pytest.raises(jensen.UnsupportedError, match="bootstrap"):
        mixture.standard_errors(heights, method="bootstrap")


def test_known_kinds_keep_their_prior_beside_families(heights):
    table = {"height": heights[:, 0], "other": np.random.default_rng(5).normal(size=len(heights))}
    mixture = jensen.Mixture({"height": Rayleigh(), "other": "gaussian"}, n_components=2, random_state=0).fit(table)
    again = pickle.loads(pickle.dumps(mixture))
    np.testing.assert_allclose(again.standard_errors(table)["standard_error"],
                               mixture.standard_errors(table)["standard_error"], rtol=1e-6)
    assert mixture.diagnose(table).gain_left < 1e-4  # at the maximum of the objective that has the prior


def test_draws(heights):
    mixture = jensen.Mixture(Rayleigh(), n_components=2, random_state=0).fit(heights)
    X, z = mixture.sample(2000)
    scales = mixture.parameters_["value"][2:]
    for k in range(2):
        assert X["x1"][z == k].mean() == pytest.approx(scales[k] * np.sqrt(np.pi / 2), rel=0.1)
    with pytest.raises(jensen.UnsupportedError):
        jensen.Mixture(RayleighBySums(), n_components=2, random_state=0).fit(heights).sample(3)


class Failing(Rayleigh):
    def log_density(self, X, theta):
        if theta.scale != 1:
            raise ZeroDivisionError("said by the family")
        return super().log_density(X, theta)


def test_exceptions_come_out_as_they_are(heights):
    for jobs in (1, 3):
        with pytest.raises(ZeroDivisionError, match="said by the family"):
            jensen.Mixture(Failing(), n_components=2, random_state=0, n_jobs=jobs).fit(heights)
    class Wrong(Rayleigh):
        def log_density(self, X, theta):
            return np.zeros(3)

    with pytest.raises(jensen.ArgumentError, match=r"Wrong.log_density: must return an array of shape"):
        jensen.Mixture(Wrong()).fit(heights)

    class Nothing(Rayleigh):
        def fit(self, X, weights, theta):
            return {"size": 1.0}

    with pytest.raises(jensen.ArgumentError, match="'size'"):
        jensen.Mixture(Nothing()).fit(heights)
    with pytest.raises(jensen.ArgumentError, match="must have fit"):
        jensen.Mixture(type("Empty", (jensen.Family,), {"parameters": {"a": positive(1.0)}})()).fit(heights)


class Collapsing(Rayleigh):
    def fit(self, X, weights, theta):
        return {"scale": -1.0}


def test_a_fit_outside_the_domain_is_a_degenerate_component(heights):
    with pytest.warns(jensen.DegenerateComponentWarning, match="scale"), pytest.warns(jensen.ConvergenceWarning):
        mixture = jensen.Mixture(Collapsing(), n_components=2, random_state=0).fit(heights)
    assert mixture.report_.outcome == "degenerate"


def test_threads_give_the_same_bits(heights):
    one, several = (jensen.Mixture(RayleighBySums(), n_components=2, random_state=0, n_jobs=jobs).fit(heights)
                    for jobs in (1, 4))
    np.testing.assert_array_equal(one.parameters_["value"], several.parameters_["value"])


# An E-step and an M-step ---------------------------------------------------------------------------------------------


def test_three_ways_to_one_model(hours):
    plain = TwoFactories().fit(hours)
    by_states = FactoriesByStates(init_params="k-means++", random_state=0).fit(hours)
    by_log_joint = FactoriesByLogJoint().fit(hours)
    known = jensen.Mixture("exponential", n_components=2, random_state=0).fit(hours)
    for model in (plain, by_states, by_log_joint):
        assert model.converged_
        assert model.report_.log_likelihood == pytest.approx(known.report_.log_likelihood, abs=1e-5)
        np.testing.assert_allclose(np.sort(model.theta_.mean), np.sort(1 / known.parameters_["value"][2:]), rtol=1e-3)
    assert plain.parameters_["parameter"].tolist() == ["mean[0]", "mean[1]", "share"]
    np.testing.assert_allclose(by_states.standard_errors(hours)["standard_error"],
                               by_log_joint.standard_errors(hours)["standard_error"], rtol=1e-2)
    assert by_states.report_.monotone and by_states.report_.optima["starts"][0] > 1
    np.testing.assert_allclose(by_states.score_samples(hours).sum(), by_states.report_.log_likelihood)
    np.testing.assert_allclose(by_log_joint.predict_proba(hours).sum(axis=1), 1)


def test_what_a_model_lacks_is_refused_by_name(hours):
    with pytest.raises(jensen.ArgumentError, match="init_params"):
        TwoFactories(init_params="random").fit(hours)
    with pytest.raises(jensen.UnsupportedError, match="TwoFactories"):
        TwoFactories(algorithm="classification").fit(hours)
    with pytest.raises(jensen.UnsupportedError):
        TwoFactories().fit(hours).score_samples(hours)
    with pytest.raises(jensen.UnsupportedError):
        TwoFactories().fit(hours).standard_errors(hours)
    with pytest.raises(jensen.ArgumentError, match="maximize"):
        type("Half", (jensen.LatentModel,), {"parameters": TwoFactories.parameters,
                                             "expect": TwoFactories.expect})().fit(hours)
    with pytest.raises(jensen.ArgumentError, match="parameters"):
        type("None_", (TwoFactories,), {"parameters": {}})().fit(hours)


def test_variants_draws_callbacks_and_pickles(hours):
    hard = FactoriesByStates(algorithm="classification").fit(hours)
    soft = FactoriesByStates().fit(hours)
    assert not np.allclose(hard.theta_.mean, soft.theta_.mean, rtol=1e-3)
    X, z = soft.sample(1000)
    assert X[z == 1].mean() == pytest.approx(soft.theta_.mean[1], rel=0.2)
    bootstrap = soft.standard_errors(hours, method="bootstrap", replicates=20)
    assert 0 < bootstrap["standard_error"][2] < 0.2
    seen = []
    with pytest.warns(jensen.ConvergenceWarning):
        stopped = TwoFactories(callback=lambda step: seen.append(step) or len(seen) > 2).fit(hours)
    assert stopped.report_.outcome == "stopped_by_caller"
    for model in (soft, TwoFactories().fit(hours), FactoriesByLogJoint().fit(hours)):
        again = pickle.loads(pickle.dumps(model))
        np.testing.assert_array_equal(again.parameters_["value"], model.parameters_["value"])
    np.testing.assert_array_equal(pickle.loads(pickle.dumps(soft)).predict(hours), soft.predict(hours))


class Shrunk(FactoriesByStates):
    """Gamma(2, rate) priors on 1/mean: the M-step's mean is (hours + rate) / (weight + 1)."""

    def log_prior(self, theta):
        return np.sum(np.log(1 / theta.mean) - 50 / theta.mean)

    def maximize(self, statistics, theta):
        weight, hours = statistics
        return {"mean": (hours + 50) / (weight + 1), "share": weight[0] / weight.sum()}


def test_a_prior_is_part_of_the_objective(hours):
    few = hours[::20]
    plain, shrunk = FactoriesByStates().fit(few), Shrunk().fit(few)
    assert shrunk.report_.log_prior == pytest.approx(np.sum(np.log(1 / shrunk.theta_.mean) - 50 / shrunk.theta_.mean))
    assert shrunk.theta_.mean[0] > plain.theta_.mean[0]
    assert shrunk.report_.monotone
    by_log_joint = type("ByLogJoint", (FactoriesByLogJoint,), {"log_prior": Shrunk.log_prior})().fit(few)
    np.testing.assert_allclose(by_log_joint.theta_.mean, shrunk.theta_.mean, rtol=1e-3)


def test_models_are_freed(hours):
    models = [TwoFactories().fit(hours), FactoriesByLogJoint().fit(hours), jensen.Mixture(Rayleigh()).fit(hours)]
    references = [weakref.ref(model) for model in models]
    del models
    gc.collect()
    assert [reference() for reference in references] == [None] * 3


# A log-joint alone ---------------------------------------------------------------------------------------------------


class Trips(jensen.DiscreteLatent):
    states = 2
    parameters = {"without_car": probability(0.5), "rate": positive(1.0)}

    def log_joint(self, X, theta):
        x = X[:, 0]
        log_factorial = np.cumsum(np.log(np.maximum(np.arange(8), 1)))[x.astype(int)]
        none = np.where(x == 0, np.log(theta.without_car), -np.inf)
        some = np.log(1 - theta.without_car) + x * np.log(theta.rate) - theta.rate - log_factorial
        return np.stack([none, some], axis=1)


COUNTS = np.arange(7.0)[:, None]
HOUSEHOLDS = np.array([210, 61, 95, 98, 76, 47, 13])


def test_zero_inflated_counts():
    model = Trips().fit(COUNTS, sample_weight=HOUSEHOLDS)
    # The maximum: rate / (1 − exp(−rate)) is the mean of the counts that are not 0, and the share of zeros fits.
    rate, share = float(model.theta_.rate), float(model.theta_.without_car)
    positives = HOUSEHOLDS[1:]
    assert rate / (1 - np.exp(-rate)) == pytest.approx(positives @ COUNTS[1:, 0] / positives.sum(), rel=1e-6)
    assert share + (1 - share) * np.exp(-rate) == pytest.approx(210 / 600, rel=1e-6)
    assert model.gradients_ == "numerical" and model.report_.monotone
    with pytest.raises(jensen.DataError, match="row 2"):
        model.score([[1.0], [np.nan]])
    held = Trips(constraints={"bound": {"rate": (0.1, 2.5)}}).fit(COUNTS, sample_weight=HOUSEHOLDS)
    assert held.theta_.rate == pytest.approx(2.5)


def test_impossible_rows_are_named():
    with pytest.raises(jensen.DataError, match="row 2"):
        type("Zeros", (Trips,), {"log_joint": lambda self, X, theta: np.where(X == 0, 0.0, -np.inf) + np.zeros(2)})().fit(
            [[0.0], [1.0]])


class Kinds(jensen.DiscreteLatent):
    """One parameter of every kind."""

    states = 3
    parameters = {"share": simplex([0.2, 0.3, 0.5]), "mean": ordered([-1.0, 0.5, 3.0]), "slope": real(0.1),
                  "shift": interval(1.0, -3.0, 5.0), "spread": covariance(np.array([[1.0, 0.2], [0.2, 1.5]]))}

    def log_joint(self, X, theta):
        first = X[:, :1] - theta.mean
        second = X[:, 1:] - theta.shift - theta.slope * theta.mean
        (a, b), (_, c) = theta.spread
        determinant = a * c - b * b
        distance = (c * first**2 - 2 * b * first * second + a * second**2) / determinant
        return np.log(theta.share) - distance / 2 - np.log(4 * np.pi**2 * determinant) / 2


def test_derivatives_in_every_kind_of_coordinate_climb():
    rng = np.random.default_rng(3)
    means = np.array([-2.0, 1, 5])[rng.choice(3, 200, p=[0.3, 0.3, 0.4])]
    X = np.stack([means, 2 + 0.5 * means], axis=1) + rng.normal(size=(200, 2))
    model = Kinds().fit(X)
    assert model.converged_
    known = jensen.GaussianMixture(3, covariance_type="tied", random_state=0, prior="none").fit(X)
    assert known.report_.log_likelihood - 5 < model.report_.log_likelihood < known.report_.log_likelihood
    np.testing.assert_allclose(model.theta_.mean, [-2, 1, 5], atol=0.4)
    assert model.theta_.slope == pytest.approx(0.5, abs=0.1)
    assert model.theta_.shift == pytest.approx(2, abs=0.3)
    held = Kinds(constraints={"order": [["share[0]", "share[1]", "share[2]"]]}).fit(X)
    assert held.theta_.share[0] <= held.theta_.share[1] <= held.theta_.share[2]


def check_derivatives_by(library, stack, log, hours):
    class Own(FactoriesByLogJoint):
        def log_joint(self, X, theta):
            return log(stack([theta.share, 1 - theta.share]) / theta.mean) - X / theta.mean

    reference = FactoriesByLogJoint(acceleration="none").fit(hours)
    model = Own(acceleration="none").fit(hours)
    assert (reference.gradients_, model.gradients_) == ("numerical", library)
    assert model.n_iter_ == reference.n_iter_
    np.testing.assert_allclose(model.parameters_["value"], reference.parameters_["value"], rtol=1e-6)
    np.testing.assert_allclose(model.standard_errors(hours)["standard_error"],
                               reference.standard_errors(hours)["standard_error"], rtol=1e-4)
    return Own


def test_jax_gives_the_same(hours):
    numpy = pytest.importorskip("jax.numpy")
    own = check_derivatives_by("jax", numpy.stack, numpy.log, hours)
    assert own(gradients="numerical").fit(hours).gradients_ == "numerical"


def test_pytorch_gives_the_same(hours):
    torch = pytest.importorskip("torch")

    def log(values):
        return torch.log(torch.as_tensor(values))

    def stack(values):
        return torch.stack([torch.as_tensor(value, dtype=torch.float64) for value in values])

    check_derivatives_by("torch", stack, log, hours)


def test_where_derivatives_come_from_is_checked(hours):
    with pytest.raises(jensen.ArgumentError, match="gradients"):
        FactoriesByLogJoint(gradients="by hand").fit(hours)


def test_declarations_are_checked():
    with pytest.raises(jensen.ArgumentError, match="share"):
        type("A", (Trips,), {"parameters": {"share": simplex([0.5, 0.6])}})().fit(COUNTS)
    with pytest.raises(jensen.ArgumentError, match="rate"):
        type("B", (Trips,), {"parameters": {"rate": 1.0}})().fit(COUNTS)
    with pytest.raises(jensen.ArgumentError, match="symmetric"):
        type("C", (Trips,), {"parameters": {"rate": covariance(np.array([[1.0, 2], [3, 4]]))}})().fit(COUNTS)


# Sequences -----------------------------------------------------------------------------------------------------------


class LocalLevel(jensen.LatentModel):
    """A random walk from 0, seen with noise: the unseen path is Gaussian, and conditioned on the sequence at one go."""

    sequential = True
    parameters = {"step": positive(1.0), "noise": positive(1.0)}  # variances

    def expect(self, X, weight, theta):
        x, t = X[:, 0], np.arange(1, len(X) + 1)
        walk = theta.step * np.minimum.outer(t, t)
        whole = walk + theta.noise * np.eye(len(t))
        gain = np.linalg.solve(whole, walk).T
        mean, spread = gain @ x, walk - gain @ walk
        steps = np.eye(len(t)) - np.eye(len(t), k=-1)
        expected = np.array([len(t), (steps @ mean) @ (steps @ mean) + np.trace(steps @ spread @ steps.T),
                             (x - mean) @ (x - mean) + np.trace(spread)])
        log_density = -(x @ np.linalg.solve(whole, x) + np.linalg.slogdet(2 * np.pi * whole)[1]) / 2
        return weight * log_density, weight * expected

    def maximize(self, statistics, theta):
        rows, steps, noise = statistics
        return {"step": steps / rows, "noise": noise / rows}

    def expected_log_joint(self, statistics, theta):
        rows, steps, noise = statistics
        return -(rows * np.log(4 * np.pi**2 * theta.step * theta.noise) + steps / theta.step + noise / theta.noise) / 2


def local_level_log_likelihood(variances, sequences):
    total = 0
    for x in sequences:
        t = np.arange(1, len(x) + 1)
        whole = variances[0] * np.minimum.outer(t, t) + variances[1] * np.eye(len(t))
        total -= (x @ np.linalg.solve(whole, x) + np.linalg.slogdet(2 * np.pi * whole)[1]) / 2
    return total


def test_sequences_with_an_unseen_walk():
    rng = np.random.default_rng(3)
    lengths = [12, 20, 7, 30]
    sequences = [np.cumsum(rng.normal(scale=0.7, size=n)) + rng.normal(size=n) for n in lengths]
    X = np.concatenate(sequences)[:, None]
    model = LocalLevel().fit(X, lengths=lengths)
    report, at = model.report_, model.parameters_["value"]
    assert (report.outcome, report.monotone) == ("converged", True)
    assert report.log_likelihood == pytest.approx(local_level_log_likelihood(at, sequences))
    gradient = [(local_level_log_likelihood(at + h, sequences) - local_level_log_likelihood(at - h, sequences)) / 2e-5
                for h in 1e-5 * np.eye(2)]
    np.testing.assert_allclose(gradient, 0, atol=0.02)  # at the maximum
    found = model.standard_errors(X, lengths=lengths)["standard_error"]
    expected = np.sqrt(np.diag(np.linalg.inv(-curvature(lambda v: local_level_log_likelihood(v, sequences), at))))
    np.testing.assert_allclose(found, expected, rtol=1e-3)
    np.testing.assert_allclose(model.score_samples(X, lengths),
                               [local_level_log_likelihood(at, [x]) for x in sequences])
    assert model.bic(X, lengths) == pytest.approx(-2 * report.log_likelihood + 2 * np.log(len(X)))
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_allclose(again.standard_errors(X, lengths=lengths)["standard_error"], found)
    # Cut elsewhere they are other sequences; twice the weight is the sequence twice.
    assert abs(LocalLevel().fit(X).report_.log_likelihood - report.log_likelihood) > 0.1
    weighted = LocalLevel().fit(X, sample_weight=[2, 1, 1, 1], lengths=lengths)
    repeated = LocalLevel().fit(np.vstack([X[:12], X]), lengths=[12, *lengths])
    np.testing.assert_allclose(weighted.parameters_["value"], repeated.parameters_["value"], rtol=1e-3)


def test_sequences_where_there_can_be_none(hours):
    with pytest.raises(jensen.ArgumentError, match="sequential = True"):
        TwoFactories().fit(hours, lengths=[100, 200])
    with pytest.raises(jensen.ArgumentError, match="HiddenMarkov"):
        type("Chain", (FactoriesByStates,), {"sequential": True})().fit(hours)
    with pytest.raises(jensen.ArgumentError, match="HiddenMarkov"):
        type("Chain", (FactoriesByLogJoint,), {"sequential": True})().fit(hours)
    with pytest.raises(jensen.UnsupportedError):
        LocalLevel().fit(hours[:20]).sample(3)
