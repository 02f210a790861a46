"""A model of your own from its log-joint alone, differentiated by JAX, PyTorch or differences."""

import contextlib
import sys

import numpy as np

from . import _core
from ._own_model import OwnModel
from .exceptions import ArgumentError
from .parameters import checked, overrides

__all__ = ["DiscreteLatent"]


class DiscreteLatent(OwnModel):
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
