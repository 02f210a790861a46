"""A model of your own: an E-step and an M-step."""

import numpy as np

from . import _core, _data
from ._own_model import OwnModel
from .exceptions import ArgumentError
from .parameters import checked, overrides

__all__ = ["LatentModel"]


class LatentModel(OwnModel):
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
