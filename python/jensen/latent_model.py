"""Models of your own: an E-step and an M-step, or a log-joint alone."""

import contextlib
import sys

import numpy as np

from . import _core, _data
from ._base import RowEstimator
from ._report import Table
from .exceptions import ArgumentError
from .parameters import Layout, checked, overrides

__all__ = ["DiscreteLatent", "LatentModel"]


class _OwnModel(RowEstimator):
    """What both kinds share."""

    #: Name → one of jensen.parameters.
    parameters = {}
    #: K where one of K states is behind each row.
    states = 0
    #: Whether the units are sequences of rows, not rows.
    sequential = False

    _shown = ("theta_", "parameters_")
    _own = True
    _layout_of = None

    def log_prior(self, theta):
        """log p(θ), which is added to the objective."""
        return 0.0

    def draw(self, theta, generator):
        """(z, row), drawn with NumPy's generator."""
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = getattr(self, "accept_missing", True)  # an E-step may do what it likes
        return tags

    def _layout(self):
        if self._layout_of is None:
            self._layout_of = Layout(self.parameters)
        return self._layout_of

    def _theta(self, values):
        return self._layout().theta(values)

    @property
    def _samples(self):
        return overrides(self, _OwnModel, "draw")

    @property
    def _has_prior(self):
        return overrides(self, _OwnModel, "log_prior")

    def _functions(self):
        """The class's functions as the engine calls them: as they are at the fit. The engine refers to them weakly."""
        functions = object.__new__(type(self))
        functions.__dict__.update({name: value for name, value in self.__dict__.items()
                                   if name not in (*self._shown, *self._not_kept, "report_", "callback")})
        return functions

    _not_kept = ("_model", "_called", "_layout_of")

    def _name(self, function):
        return f"{type(self).__name__}.{function}"

    # What the engine calls -------------------------------------------------------------------------------------------

    def _log_joint(self, X, values):
        """In column-major order, as the engine's panels are."""
        panel = checked(self.log_joint(X, self._theta(values)), (len(X), self.states), self._name("log_joint"))
        return np.ascontiguousarray(panel.T)

    def _log_prior(self, values):
        return float(self.log_prior(self._theta(values)))

    def _sample(self, values, seed):
        state, row = self.draw(self._theta(values), np.random.default_rng(seed))
        return np.concatenate([[float(state)], np.atleast_1d(np.asarray(row, dtype=np.float64))])

    # Fits ------------------------------------------------------------------------------------------------------------

    def _threads(self):
        # Python runs on one thread at a time.
        return 1 if self.n_jobs is None else super()._threads()

    def _model_options(self):
        starts = self.n_init
        if starts == "auto":
            starts = 10 if self.init_params in ("k-means++", "random", "short-runs", "annealed") else 1
        options = self._engine_options(int(starts))
        if self.init_params != "given" and self.states < 1:
            raise ArgumentError(f"init_params: {self.init_params!r} starts from states; the class has none")
        return options

    def fit(self, X, y=None, sample_weight=None, *, labels=None):
        """Fits the model to rows; NaN is a missing cell.

        Parameters
        ----------
        X : array or data frame, rows × columns
        y : ignored
        sample_weight : array, optional
        labels : array of int, optional
            Known states, −1 where unknown.
        """
        return self._fit(X, sample_weight, labels)

    def _fit(self, X, sample_weight, labels=None, lengths=None):
        options = self._model_options()
        self._held = options.get("constraints", {})
        X = _data.from_stream(X)
        names = _data.columns_of(X)
        values = _data.matrix(X, least_rows=1)
        if labels is not None and self.states < 1:
            raise ArgumentError("labels: name states; the class has none")
        parts = {} if labels is None else {
            "labels": _data.labels_of(labels, len(values), self.states), "states": self.states}
        table = _data.table(values, names, weight_kind=self.weight_kind, **parts,
                            **self._units(len(values), sample_weight, lengths))
        result = self._fit_engine(table, np.array(values, dtype=np.float64), options)
        _data.check_feature_names(self, names, reset=True)
        self.n_features_in_ = values.shape[1]
        return self._finish(*result)

    def _units(self, rows, sample_weight, lengths):
        """Weights, and where sequences begin if the units are sequences."""
        if not self.sequential:
            if lengths is not None:
                raise ArgumentError(f"lengths: {type(self).__name__} is of rows: say sequential = True, and have expect take a "
                                    "whole sequence")
            return {"weights": _data.weights(sample_weight, rows)}
        begins = _data.lengths_to_begins(lengths, rows)
        weights = _data.weights(sample_weight, len(begins) - 1)
        return {"begins": begins, "weights": None if weights is None else np.repeat(weights, np.diff(begins))}

    def _keep(self, model):
        super()._keep(model)
        names, values = model.parameters
        self.parameters_ = Table({"parameter": names, "value": values})
        self.theta_ = self._theta(np.array(values))

    def sample(self, n_samples=1):
        """Draws rows and their states, by the class's ``draw``."""
        model = self._engine()
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        X, z = model.sample(int(n_samples), _data.seed_of(self.random_state))
        return X, z.astype(np.intp)

    def __getstate__(self):
        state = {name: value for name, value in self.__dict__.items()
                 if name not in (*self._shown, *self._not_kept)}
        if hasattr(self, "_model"):
            model = self._engine()
            state["_of_model"] = (model.columns, np.asarray(model.parameters[1]).tolist())
        return state

    def __setstate__(self, state):
        state = dict(state)
        of_model = state.pop("_of_model", None)
        self.__dict__.update(state)
        if of_model is not None:
            self._keep(self._made(*of_model).with_constraints(self._held))


class LatentModel(_OwnModel):
    """A model of your own from its E-step and M-step: a subclass says what its parameters are, and has either

    - ``expect(X, weights, theta)``, which returns Σ w log p(x; θ) and the expected statistics, and
      ``maximize(statistics, theta)``;
    - the same with ``sequential = True``, where ``expect(X, weight, theta)`` is handed one sequence and its weight: what
      is unseen may be a path, or continuous. ``fit(X, lengths=…)`` says where sequences end;
    - or, with one of ``states`` states behind each row, ``log_joint(X, theta)`` (log p(x, z = k; θ), n × K),
      ``statistics(X, responsibilities)`` and ``maximize``. The engine then makes q, and starts, labels and variants that
      choose another q are there.

    With ``expected_log_joint(statistics, theta)`` (Q, every term of it) each step is certified, and standard errors and
    constraints are there. ``log_prior(theta)`` is added to the objective, and the M-step must then maximise it too.
    `statistics` are an array of any shape, linear in the weights. `theta` holds the parameters as attributes.

    Parameters
    ----------
    init_params : {"given", "k-means++", "random", "hierarchical", "short-runs", "annealed"}, default "given"
        "given": at the values that `parameters` declares. The others need states.
    tol, max_iter, n_init, random_state, verbose, verbose_interval, algorithm, acceleration, weight_kind, constraints, \
checkpoint, n_jobs, callback
        As of jensen.GaussianMixture; n_jobs is 1 unless said, as Python runs on one thread at a time.

    Attributes
    ----------
    theta_ : the parameters, as attributes
    parameters_ : Table
    converged_, n_iter_, lower_bound_, report_
        As of jensen.GaussianMixture.

    Examples
    --------
    Lifetimes of bulbs from two factories, exponential with different means, factory unknown.

    >>> import numpy as np, jensen
    >>> from jensen.parameters import positive, probability
    >>> class TwoFactories(jensen.LatentModel):
    ...     parameters = {"mean": positive([10, 100]), "share": probability(0.5)}
    ...     def expect(self, X, weights, theta):
    ...         p = np.array([theta.share, 1 - theta.share]) / theta.mean * np.exp(-X / theta.mean)
    ...         total = p.sum(axis=1)
    ...         r = p / total[:, None] * weights[:, None]
    ...         return weights @ np.log(total), np.array([r.sum(axis=0), r.T @ X[:, 0]])
    ...     def maximize(self, statistics, theta):
    ...         weight, hours = statistics
    ...         return {"mean": hours / weight, "share": weight[0] / weight.sum()}
    >>> hours = np.array([3, 5, 8, 9, 14, 90, 120, 133, 160, 210])[:, None]
    >>> model = TwoFactories().fit(hours)
    >>> model.theta_.mean.round(1).tolist(), round(float(model.theta_.share), 2)
    ([7.4, 118.8], 0.39)
    """

    tentative = False  #: whether the M-step need not climb: the engine then takes it on trial

    def __init__(self, *, tol=1e-8, max_iter=5000, n_init="auto", init_params="given", random_state=None, verbose=0,
                 verbose_interval=10, algorithm="em", acceleration="auto", weight_kind="frequency", constraints=None,
                 checkpoint=None, n_jobs=None, callback=None):
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.random_state = random_state
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.algorithm = algorithm
        self.acceleration = acceleration
        self.weight_kind = weight_kind
        self.constraints = constraints
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs
        self.callback = callback

    def expect(self, X, weights, theta):
        """Σ w log p(x; θ) of these rows and what they add to the statistics, under q = p(z | x; θ); of a sequential
        class w log p(X; θ) of the sequence X, `weights` being the number w."""
        raise NotImplementedError

    def log_joint(self, X, theta):
        """log p(x, z = k; θ), n × K."""
        raise NotImplementedError

    def statistics(self, X, responsibilities):
        """What these rows add to the statistics, responsibilities being w q(z = k), n × K."""
        raise NotImplementedError

    def maximize(self, statistics, theta):
        """argmax Q as a dictionary."""
        raise NotImplementedError

    def expected_log_joint(self, statistics, theta):
        """Q(θ | statistics)."""
        raise NotImplementedError

    @property
    def _knows_q(self):
        return overrides(self, LatentModel, "expected_log_joint")

    def _check(self):
        if self.sequential and self.states > 0:
            raise ArgumentError(f"{type(self).__name__}: is sequential, and has states behind rows: chains of states are "
                                "jensen.HiddenMarkov's, or the business of expect(X, weight, theta)")
        needed = ["log_joint", "statistics", "maximize"] if self.states > 0 else ["expect", "maximize"]
        absent = [name for name in needed if not overrides(self, LatentModel, name)]
        if absent:
            raise ArgumentError(f"{type(self).__name__}: must have {', '.join(absent)}")

    def _expect(self, X, weights, values):
        log_likelihood, statistics = self.expect(X, weights, self._theta(values))
        statistics = checked(statistics, self._shape, self._name("expect"))
        return np.append(statistics.ravel(), float(log_likelihood))

    def _expect_sequence(self, X, weight, values):
        return self._expect(X, weight, values)

    def _summed(self, X, responsibilities):
        return checked(self.statistics(X, responsibilities), self._shape, self._name("statistics")).ravel()

    def _maximize(self, statistics, values):
        return self._layout().values(self.maximize(statistics.reshape(self._shape), self._theta(values)))

    def _expected_log_joint(self, statistics, values):
        return float(self.expected_log_joint(statistics.reshape(self._shape), self._theta(values)))

    def fit(self, X, y=None, sample_weight=None, *, labels=None, lengths=None):
        """Fits the model; NaN is a missing cell.

        Parameters
        ----------
        X : array or data frame, rows × columns
            Of a sequential class, the rows of all sequences, one sequence after the other.
        y : ignored
        sample_weight : array, optional
            One by row, or by sequence.
        labels : array of int, optional
            Known states, −1 where unknown.
        lengths : array of int, optional
            Of a sequential class, the rows of each sequence; without it all rows are one.
        """
        return self._fit(X, sample_weight, labels, lengths)

    def _sequences(self, X, sample_weight=None, lengths=None):
        self._engine()
        values = _data.matrix(_data.from_stream(X))
        if values.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {values.shape[1]} features, but {type(self).__name__} is expecting "
                             f"{self.n_features_in_} features as input.")
        return values, self._units(len(values), sample_weight, lengths)

    def score_samples(self, X, lengths=None):
        """log p(x; θ) of each row; of a sequential class, of each sequence."""
        if not self.sequential and lengths is None:
            return super().score_samples(X)
        values, units = self._sequences(X, None, lengths)
        values = np.array(values, dtype=np.float64)
        return np.array([float(self.expect(values[first:last], 1.0, self.theta_)[0])
                         for first, last in zip(units["begins"], units["begins"][1:])])

    def score(self, X, y=None, lengths=None):
        """The mean of score_samples(X); of a sequential class, their sum."""
        scores = self.score_samples(X, lengths)
        return float(scores.sum() if self.sequential else scores.mean())

    def bic(self, X, lengths=None):
        """−2 ℓ + p ln n, n the number of rows; lower is better."""
        free = self._engine().free_parameters
        return float(-2 * self.score_samples(X, lengths).sum() + free * np.log(len(X)))

    def aic(self, X, lengths=None):
        """−2 ℓ + 2 p; lower is better."""
        return self._aic(self.score_samples(X, lengths))

    def _asked(self, X, sample_weight, lengths):
        if not self.sequential and lengths is None:
            return self._rows(X, sample_weight)
        values, units = self._sequences(X, sample_weight, lengths)
        return _data.table(values, self._engine().columns, weight_kind=self.weight_kind, **units)

    def standard_errors(self, X, sample_weight=None, *, lengths=None, method="oakes", intervals=None, level=0.95,
                        replicates=200):
        """Standard errors and intervals of the parameters, as of jensen.GaussianMixture."""
        return self._standard_errors(self._asked(X, sample_weight, lengths), method, intervals, level, replicates)

    def diagnose(self, X, sample_weight=None, *, lengths=None):
        """How the fitted model stands, as of jensen.GaussianMixture."""
        return self._diagnose(self._asked(X, sample_weight, lengths))

    def _shape_of_statistics(self, first):
        if self.states > 0:
            return np.shape(self.statistics(first, np.full((1, self.states), 1 / self.states)))
        weight = 1.0 if self.sequential else np.ones(1)
        return np.shape(self.expect(first, weight, self._theta(self._layout().start))[1])

    def _fit_engine(self, table, values, options):
        self._check()
        self._shape = self._shape_of_statistics(values[:1])
        self._called = self._functions()
        return _core.fit_latent_model(table, self._called, self._layout().declared, self.states,
                                      int(np.prod(self._shape, dtype=int)), options, self._progress())

    def _made(self, columns, values):
        self._called = self._functions()
        return _core.latent_model(columns, self._called, self._layout().declared, self.states,
                                  int(np.prod(self._shape, dtype=int)), values)


class DiscreteLatent(_OwnModel):
    """A model of your own from log p(x, z; θ) alone, z one of ``states`` states behind each row.

    A subclass says what its parameters and states are and has ``log_joint(X, theta)``: log p(x, z = k; θ) with every
    term, n × K, −∞ where z cannot be. The M-step is a Newton step on Q, taken on trial. Where the function is written
    with JAX (``jax.numpy``) or PyTorch, they differentiate it; else derivatives are central differences, some p² calls
    for each block and p parameters.

    Parameters
    ----------
    gradients : {"auto", "jax", "torch", "numerical"}, default "auto"
        "auto": by JAX or PyTorch where they are loaded and can differentiate log_joint. `gradients_` says which it was.
    init_params, tol, max_iter, n_init, random_state, verbose, verbose_interval, algorithm, acceleration, weight_kind, \
constraints, checkpoint, n_jobs, callback
        As of jensen.LatentModel.

    Attributes
    ----------
    theta_, parameters_, converged_, n_iter_, lower_bound_, report_
        As of jensen.LatentModel.
    gradients_ : str

    Examples
    --------
    Some households own no car and make no trips; those of the others are Poisson.

    >>> import numpy as np, jensen
    >>> from scipy.special import gammaln
    >>> from jensen.parameters import positive, probability
    >>> class Trips(jensen.DiscreteLatent):
    ...     states = 2
    ...     parameters = {"without_car": probability(0.5), "rate": positive(1.0)}
    ...     def log_joint(self, X, theta):
    ...         x = X[:, 0]
    ...         none = np.where(x == 0, np.log(theta.without_car), -np.inf)
    ...         some = np.log(1 - theta.without_car) + x * np.log(theta.rate) - theta.rate - gammaln(x + 1)
    ...         return np.stack([none, some], axis=1)
    >>> trips = np.arange(7)[:, None]
    >>> model = Trips().fit(trips, sample_weight=[210, 61, 95, 98, 76, 47, 13])
    >>> round(float(model.theta_.without_car), 4), round(float(model.theta_.rate), 4)
    (0.3078, 2.7979)
    >>> model.standard_errors(trips, [210, 61, 95, 98, 76, 47, 13])["standard_error"].round(4).tolist()
    [0.0211, 0.0907]
    """

    accept_missing = False  #: whether log_joint knows what NaN means; else rows with missing cells are refused

    def __init__(self, *, gradients="auto", tol=1e-8, max_iter=5000, n_init="auto", init_params="given",
                 random_state=None, verbose=0, verbose_interval=10, algorithm="em", acceleration="auto",
                 weight_kind="frequency", constraints=None, checkpoint=None, n_jobs=None, callback=None):
        self.gradients = gradients
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.random_state = random_state
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.algorithm = algorithm
        self.acceleration = acceleration
        self.weight_kind = weight_kind
        self.constraints = constraints
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs
        self.callback = callback

    def log_joint(self, X, theta):
        """log p(x, z = k; θ), n × K."""
        raise NotImplementedError

    def _log_joint(self, X, values):
        with self._double():
            return super()._log_joint(X, values)

    def _expected(self, X, q, values):
        """Σ q log p(x, z; θ)."""
        with self._double():
            panel = checked(self.log_joint(X, self._theta(values)), q.shape, self._name("log_joint"))
        there = q > 0
        return float(q[there] @ panel[there])

    def _expansion(self, X, q, values):
        """The same with its gradient and curvature in the values of θ, by the library that log_joint is written with."""
        return self._differentiated(self.gradients_)(X, q, values)

    @contextlib.contextmanager
    def _double(self):
        """JAX computes in single precision unless told otherwise."""
        jax = sys.modules.get("jax")
        if jax is None:
            yield
        else:
            with _jax_in_double(jax):
                yield

    def _differentiated(self, library):
        made = self.__dict__.setdefault("_derivatives", {})
        if library not in made:
            made[library] = {"jax": self._by_jax, "torch": self._by_torch}[library]()
        return made[library]

    def _by_jax(self):
        import jax

        def total(values, X, q):
            return jax.numpy.sum(jax.numpy.where(q > 0, q * self.log_joint(X, self._theta(values)), 0.0))

        def all_of_it(values, X, q):
            value, gradient = jax.value_and_grad(total)(values, X, q)
            return jax.numpy.concatenate([value[None], gradient, jax.hessian(total)(values, X, q).ravel()])

        with _jax_in_double(jax):
            compiled = jax.jit(all_of_it)

        def expansion(X, q, values):
            with _jax_in_double(jax):
                return np.array(compiled(values, np.asarray(X), np.asarray(q)), dtype=np.float64)

        return expansion

    def _by_torch(self):
        import torch

        def expansion(X, q, values):
            rows, shares = torch.from_numpy(np.array(X)), torch.from_numpy(np.array(q))

            def total(v):
                joint = shares * self.log_joint(rows, self._theta(v))
                return torch.where(shares > 0, joint, torch.zeros_like(joint)).sum()

            at = torch.tensor(np.asarray(values), requires_grad=True)
            value = total(at)
            gradient, = torch.autograd.grad(value, at)
            curvature = torch.autograd.functional.hessian(total, at.detach())
            return np.concatenate([[value.item()], gradient.numpy(), curvature.numpy().ravel()])

        return expansion

    def _library(self, first):
        if self.gradients not in ("auto", "jax", "torch", "numerical"):
            raise ArgumentError(f"gradients: {self.gradients!r} is none of auto, jax, torch, numerical")
        if self.gradients != "auto":
            return self.gradients
        start = self._layout().start
        for library in ("jax", "torch"):
            if library not in sys.modules:
                continue
            try:
                self._functions()._differentiated(library)(first, np.full((1, self.states), 1 / self.states), start)
            except Exception:  # noqa: BLE001  (whatever the library says of a function that is not its own)
                continue
            return library
        return "numerical"

    def _fit_engine(self, table, values, options):
        if self.sequential:
            raise ArgumentError(f"{type(self).__name__}: a log-joint is of rows: sequences are jensen.LatentModel's and "
                                "jensen.HiddenMarkov's")
        if self.states < 1 or not overrides(self, DiscreteLatent, "log_joint"):
            raise ArgumentError(f"{type(self).__name__}: must have states ≥ 1 and log_joint(X, theta)")
        self.gradients_ = self._library(values[:1])
        self._called = self._functions()
        return _core.fit_discrete_latent(table, self._called, self._layout().declared, self.states,
                                         self.gradients_ != "numerical", bool(self.accept_missing), options,
                                         self._progress())

    def _made(self, columns, values):
        self._called = self._functions()
        return _core.discrete_latent(columns, self._called, self._layout().declared, self.states,
                                     self.gradients_ != "numerical", bool(self.accept_missing), values)


def _jax_in_double(jax):
    enable = getattr(jax, "enable_x64", None)
    if enable is None:
        from jax.experimental import enable_x64 as enable
    return enable(True)
