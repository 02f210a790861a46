"""A family of distributions of your own."""

import numpy as np

from .exceptions import ArgumentError, UnsupportedError
from .parameters import Layout, checked, overrides

__all__ = ["Family"]


class Family:
    """p(x; θ), from its log-density and a weighted fit: give it to jensen.Mixture or jensen.HiddenMarkov.

    A subclass says what its parameters are and has ``log_density`` and ``fit``; or, in place of ``fit``, ``statistics``
    and ``maximize``: then the E-step keeps sums only, where ``fit`` needs the weights of all rows for each component.
    With ``draw`` models over the family can sample.

    X has the columns of the family, n × d. Rows with a missing cell do not get here. ``theta`` holds the parameters as
    attributes.

    Examples
    --------
    Wave heights are Rayleigh, p(x) = x/s² exp(−x²/2s²); the weighted fit is s² = Σ r x² / 2 Σ r.

    >>> import numpy as np, jensen
    >>> from jensen.parameters import positive
    >>> class Rayleigh(jensen.Family):
    ...     parameters = {"scale": positive(1.0)}
    ...     def log_density(self, X, theta):
    ...         x = X[:, 0]
    ...         return np.log(x / theta.scale**2) - x**2 / (2 * theta.scale**2)
    ...     def fit(self, X, weights, theta):
    ...         return {"scale": np.sqrt(weights @ X[:, 0]**2 / (2 * weights.sum()))}
    >>> heights = np.random.default_rng(0).rayleigh(np.repeat([0.5, 4], 100))[:, None]
    >>> mixture = jensen.Mixture(Rayleigh(), n_components=2, random_state=0).fit(heights)
    >>> mixture.parameters_["parameter"].tolist()
    ['weight[0]', 'weight[1]', 'scale[0]', 'scale[1]']
    >>> np.sort(mixture.parameters_["value"][2:]).round(1).tolist()
    [0.5, 4.1]
    """

    #: Name → one of jensen.parameters.
    parameters = {}

    def log_density(self, X, theta):
        """log p(x; θ) of each row: n numbers, −inf where a row is impossible."""
        raise NotImplementedError(f"{type(self).__name__} must have log_density(X, theta)")

    def fit(self, X, weights, theta):
        """argmax Σ w log p(x; θ) as a dictionary; theta is the value so far. weights ≥ 0, one by row."""
        raise NotImplementedError(f"{type(self).__name__} must have fit(X, weights, theta), or statistics(X) and "
                                  "maximize(weight, sums, theta)")

    def statistics(self, X):
        """T(x) of each row, n × m: what the M-step needs to know the weighted sums of."""
        raise NotImplementedError

    def maximize(self, weight, sums, theta):
        """argmax Σ r log p(x; θ) from Σ r and the sums Σ r T(x)."""
        raise NotImplementedError

    def expected_log_density(self, weight, sums, theta):
        """Σ r log p(x; θ) from Σ r and Σ r T(x), with all its terms: with it every step is certified, and standard errors
        and constraints are there. Families with ``fit`` need not have it."""
        raise NotImplementedError

    def draw(self, theta, generator):
        """A row drawn with NumPy's generator."""
        raise NotImplementedError


class BoundFamily:
    """A family as the engine calls it, with the rows of the fit where it needs them."""

    def __init__(self, family, X=None):
        self._family = family
        self._layout = Layout(family.parameters)
        self._samples = overrides(family, Family, "draw")
        self.keeps_sums = overrides(family, Family, "statistics")
        if self.keeps_sums and not overrides(family, Family, "maximize"):
            raise ArgumentError(f"{type(family).__name__}: has statistics(X), but no maximize(weight, sums, theta)")
        if not self.keeps_sums and not overrides(family, Family, "fit"):
            raise ArgumentError(f"{type(family).__name__}: must have fit(X, weights, theta), or statistics(X) and "
                                "maximize(weight, sums, theta)")
        if not overrides(family, Family, "log_density"):
            raise ArgumentError(f"{type(family).__name__}: must have log_density(X, theta)")
        self._knows_q = not self.keeps_sums or overrides(family, Family, "expected_log_density")
        self._columns = None
        self._complete = self._X = None
        self.size = 0
        if X is not None:
            self._columns = X.shape[1]
            self._complete = ~np.isnan(X).any(axis=1)
            self._X = X[self._complete]
            if self.keeps_sums:
                self.size = self._statistics(X[:1]).shape[1]

    @property
    def name(self):
        """Of the user's class."""
        return type(self._family).__name__

    def engine_part(self, columns, name):
        """What the engine is handed."""
        return self, self._layout.declared, list(columns), name, self.size

    def at(self, X):
        """The same family, that sees these rows."""
        bound = BoundFamily(self._family, X)
        bound.size = self.size
        return bound

    def _log_density(self, X, values):
        complete = ~np.isnan(X).any(axis=1)
        rows = X if complete.all() else X[complete]
        density = np.zeros(len(X))
        density[complete] = checked(self._family.log_density(rows, self._layout.theta(values)), (len(rows),),
                                    f"{self.name}.log_density")
        return density

    def _statistics(self, X):
        complete = ~np.isnan(X).any(axis=1)
        rows = X if complete.all() else X[complete]
        found = np.ascontiguousarray(self._family.statistics(rows), dtype=np.float64)
        whose = f"{self.name}.statistics"
        if found.ndim != 2 or found.shape[1] == 0:
            raise ArgumentError(f"{whose}: must return n × m numbers, got the shape {found.shape}")
        found = checked(found, (len(rows), self.size or found.shape[1]), whose)
        all_rows = np.zeros((len(X), found.shape[1]))
        all_rows[complete] = found
        return all_rows

    def _maximize(self, weight, sums, values):
        return self._layout.values(self._family.maximize(weight, sums, self._layout.theta(values)))

    def _fit(self, weights, values):
        if self._X is None:
            raise UnsupportedError(f"{self.name}: the rows of the fit are no longer here")
        return self._layout.values(
            self._family.fit(self._X, weights[self._complete], self._layout.theta(values)), "fit")

    def _expected_log_density(self, weight, sums, values):
        theta = self._layout.theta(values)
        if self.keeps_sums:
            return float(self._family.expected_log_density(weight, sums, theta))
        if self._X is None:
            raise UnsupportedError(f"{self.name}: the rows of the fit are no longer here")
        weights = sums[self._complete]
        there = weights > 0
        return float(weights[there] @ np.asarray(self._family.log_density(self._X[there], theta), dtype=np.float64))

    def _sample(self, values, seed):
        row = np.atleast_1d(np.asarray(
            self._family.draw(self._layout.theta(values), np.random.default_rng(seed)), dtype=np.float64))
        return np.ascontiguousarray(row)

    def __getstate__(self):
        return {"family": self._family, "size": self.size}

    def __setstate__(self, state):
        self.__init__(state["family"])
        self.size = state["size"]


def bound_families(families, values):
    """(names, indices, family) of each, as the engine takes them; values: the rows of a fit."""
    return [BoundFamily(family, values[:, columns]).engine_part(columns, " + ".join(names) if named else "")
            for names, columns, family, named in families]


def at_rows(families, values, draws):
    """What bound_families() made, as it would be for a fit to these rows; draws: whether models will be fitted to rows
    drawn like them."""
    if draws:
        for bound, *_ in families:
            if not bound.keeps_sums:
                raise UnsupportedError(f"standard_errors: a bootstrap fits to rows that it draws, and {bound.name}.fit sees "
                                       "those of its own fit: statistics(X) and maximize(weight, sums, theta) do not")
    return [bound.at(values[:, columns]).engine_part(columns, name) for bound, _, columns, name, _ in families]
