"""States that are mixtures of Gaussians."""

import numpy as np

from .. import _core
from ..parameters import symmetric
from ._base import HMM
from ._covariances import TRAILING, alike, check_covariances, packed, structure
from ._parameters import jointly


class GMMHMM(HMM):
    """hmmlearn's GMMHMM: each state is a mixture of `n_mix` Gaussians of its own.

    Parameters
    ----------
    n_mix : int
        Gaussians of each state.
    covariance_type : {"diag", "spherical", "full", "tied"}
        "tied" is one matrix for the Gaussians of each state.
    n_components, algorithm, random_state, n_iter, tol, verbose, params, init_params, implementation
        As of GaussianHMM; "w" stands for weights_.
    startprob_prior, transmat_prior : float
        Of symmetric Dirichlet distributions, ≥ 1.
    min_covar, weights_prior, means_prior, means_weight, covars_prior, covars_weight
        Must be as they are.

    Attributes
    ----------
    startprob_, transmat_, monitor_, report_, n_features
    weights_ : n_components × n_mix
    means_ : n_components × n_mix × n_features
    covars_ : n_components × n_mix for "spherical", × n_features for "diag", × n_features × n_features for "full"; \
n_components × n_features × n_features for "tied"

    Examples
    --------
    >>> import numpy as np
    >>> from jensen import hmm
    >>> model = hmm.GMMHMM(2, n_mix=2)
    >>> model.startprob_, model.transmat_ = np.array([0.5, 0.5]), np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> model.weights_ = np.array([[0.5, 0.5], [0.3, 0.7]])
    >>> model.means_ = np.array([[[-9.0], [-3.0]], [[3.0], [9.0]]])
    >>> model.covars_ = np.ones((2, 2, 1))
    >>> X, states = model.sample(300, random_state=0)
    >>> np.sort(hmm.GMMHMM(2, n_mix=2, random_state=0).fit(X).means_[:, :, 0].ravel()).round().tolist()
    [-9.0, -3.0, 3.0, 9.0]
    """

    _letters = {**HMM._letters, "m": "means_", "c": "covars_", "w": "weights_"}
    _no_wish = {"weights_prior": 1, "means_prior": 0, "means_weight": 0, "covars_prior": None, "covars_weight": None}
    _start = "k-means++"

    def __init__(self, n_components=1, n_mix=1, min_covar=1e-3, startprob_prior=1.0, transmat_prior=1.0,
                 weights_prior=1.0, means_prior=0.0, means_weight=0.0, covars_prior=None, covars_weight=None,
                 algorithm="viterbi", covariance_type="diag", random_state=None, n_iter=5000, tol=1e-2, verbose=False,
                 params="stmcw", init_params="stmcw", implementation="log"):
        super().__init__(n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                         init_params, implementation)
        self.n_mix = n_mix
        self.min_covar = min_covar
        self.weights_prior = weights_prior
        self.means_prior = means_prior
        self.means_weight = means_weight
        self.covars_prior = covars_prior
        self.covars_weight = covars_weight
        self.covariance_type = covariance_type

    @property
    def _patterns(self):
        patterns = {"m": "*.mean[*]",
                    "c": "*.covariance[*]" if TRAILING[self.covariance_type] == 2 else "*.variance[*]"}
        return patterns if self.n_mix == 1 else {**patterns, "w": "*.component_weight[*]"}

    def _check_emissions(self):
        k, mixed = self.n_components, self.n_mix
        self.weights_ = self._distributions("weights_", (k, mixed))
        self.means_ = np.asarray(self.means_, dtype=np.float64)
        if self.means_.ndim != 3 or self.means_.shape[:2] != (k, mixed):
            raise ValueError(f"means_ must have shape (n_components, n_mix, n_features), got {self.means_.shape}")
        self.covars_ = np.asarray(self.covars_, dtype=np.float64)
        check_covariances(self.covars_, self.covariance_type, self._leading)
        self.n_features = self.means_.shape[2]

    @property
    def _leading(self):
        k = self.n_components
        return (k,) if self.covariance_type == "tied" else (k, self.n_mix)

    def _columns(self):
        return self.means_.shape[2]

    def _schema(self, columns):
        kind = structure(self.covariance_type)
        if self.n_mix > 1:
            within = ", sharing=within" if kind == "tied" else ""
            return jointly(columns, f"mixture(components={self.n_mix}, {kind}{within})")
        return jointly(columns, f"gaussian({'full' if kind == 'tied' else kind})")  # a single one shares with none

    def _emission_values(self):
        weights = self.weights_.ravel() if self.n_mix > 1 else []
        return np.concatenate([weights, self.means_.ravel(), packed(self.covars_, self.covariance_type)])

    def _take_partly(self, table, columns, needed, options):
        """Means from a start; covariances, whose states would not be those of the means given, from all rows; equal
        weights."""
        k, mixed = self.n_components, self.n_mix
        if "m" in needed:
            self._take(self._begun(table, columns, k, options), ["m"])
        if "c" in needed:
            whole = self._whole_covariance(table, columns, options)
            self.covars_ = alike(whole, self.covariance_type, self._leading)
        if "w" in needed:
            self.weights_ = np.full((k, mixed), 1 / mixed)

    def _take_emissions(self, model, values, letters):
        k, mixed, kind = self.n_components, self.n_mix, self.covariance_type
        d = len(model.columns)
        weights, means, covariances = np.split(values, np.cumsum([k * mixed if mixed > 1 else 0, k * mixed * d]))
        if "w" in letters:
            self.weights_ = weights.reshape(k, mixed).copy() if mixed > 1 else np.ones((k, 1))
        if "m" in letters:
            self.means_ = means.reshape(k, mixed, d).copy()
        if "c" not in letters:
            return
        if TRAILING[kind] == 2:
            each = covariances.reshape(int(np.prod(self._leading)), -1)
            self.covars_ = np.moveaxis(symmetric(each.T, d), -1, 0).reshape(*self._leading, d, d).copy()
        else:
            self.covars_ = covariances.reshape((k, mixed, d) if kind == "diag" else (k, mixed)).copy()
