"""What hmmlearn's classes share: the attributes and the engine's model of them."""

import numpy as np

from .. import _core
from .._base import Estimator
from ..exceptions import ArgumentError, NotFittedError, as_known


def jointly(columns, kind):
    """The schema of columns that are modelled together."""
    return " + ".join(f"x{j + 1}" for j in range(columns)) + f":{kind}"


class Parameters(Estimator):
    """A chain's parameters are attributes, which may be set by hand: the model is made of them when it is needed."""

    _letters = {"s": "startprob_", "t": "transmat_"}  # and those of the emissions
    _patterns = {}  # of the letters of the emissions: names of parameters
    _no_wish = {}  # priors that stand for nothing asked, by name
    _shown = ()

    # What a subclass says --------------------------------------------------------------------------------------------

    def _schema(self, columns):
        raise NotImplementedError

    def _emission_values(self):
        """The attributes as the engine's parameters."""
        raise NotImplementedError

    def _columns(self):
        """The number of columns that the attributes speak of."""
        raise NotImplementedError

    def _take_emissions(self, model, values, letters):
        """Sets the attributes of these letters from the engine's parameters."""
        raise NotImplementedError

    def _check_and_set_n_features(self, X):
        if getattr(self, "n_features", None) is None:
            self.n_features = X.shape[1]
        elif self.n_features != X.shape[1]:
            raise ValueError(f"Unexpected number of dimensions, got {X.shape[1]} but expected {self.n_features}")

    # Parameters ------------------------------------------------------------------------------------------------------

    def _distributions(self, name, shape):
        values = np.asarray(getattr(self, name), dtype=np.float64)
        if values.shape != shape:
            raise ValueError(f"{name} must have shape {shape}, got {values.shape}")
        if not np.allclose(values.sum(axis=-1), 1):
            raise ValueError(f"{name} must sum to 1 (got {values.sum(axis=-1)})")
        return values

    def _check(self):
        """Raises where the parameters are not those of a model."""
        k = self.n_components
        self.startprob_ = self._distributions("startprob_", (k,))
        self.transmat_ = self._distributions("transmat_", (k, k))
        if self.implementation not in ("log", "scaling"):
            raise ValueError(f"implementation: {self.implementation!r} is none of log, scaling")
        self._check_emissions()

    def _made(self, start=None):
        """The engine's model of the attributes."""
        if not hasattr(self, "startprob_"):
            raise as_known(NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before "
                "using this estimator.")
        self._check()
        columns = self._columns()
        return _core.hidden_markov(
            [f"x{j + 1}" for j in range(columns)], self._schema(columns), {},
            np.ascontiguousarray(self.startprob_ if start is None else start),
            np.ascontiguousarray(self.transmat_.ravel()), np.asarray(self._emission_values()).tolist())

    def _engine(self):
        return self._made()

    def _threads(self):
        return 0

    def __sklearn_is_fitted__(self):
        return hasattr(self, "startprob_")

    def __getstate__(self):
        return dict(self.__dict__)

    def __setstate__(self, state):
        self.__dict__.update(state)

    def save(self, path):
        """Writes the model to a file that ``jensen.load`` and the command-line tool read."""
        self._made().save(str(path))

    def _pseudo_count(self, name):
        values = np.unique(getattr(self, name))
        if len(values) != 1 or values[0] < 1:
            raise ArgumentError(f"{name}: must be one number ≥ 1 (a symmetric Dirichlet distribution), got "
                                f"{getattr(self, name)!r}")
        return float(values[0] - 1)

    def _refuse_priors(self):
        for name, value in self._no_wish.items():
            if not np.all(np.asarray(getattr(self, name)) == value):
                raise ArgumentError(f"{name}: must be {value}, got {getattr(self, name)!r}: there is no such prior here; "
                                    "a prior scaled by the data keeps variances from collapsing")
