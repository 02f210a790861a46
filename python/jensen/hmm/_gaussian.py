"""Gaussian states."""

import numpy as np

from .. import _core
from ._base import HMM
from ._covariances import alike, check_covariances, packed, structure
from ._parameters import jointly


class GaussianHMM(HMM):
    """hmmlearn's GaussianHMM.

    Parameters
    ----------
    n_components, covariance_type, algorithm, random_state, n_iter, tol, verbose, params, init_params, implementation
        As hmmlearn's. n_iter is 5000, tol the log-likelihood still to gain. `implementation` changes nothing: sums are
        scaled, and logarithms where that could underflow.
    startprob_prior, transmat_prior : float
        Of symmetric Dirichlet distributions, ≥ 1.
    min_covar, means_prior, means_weight, covars_prior, covars_weight
        Must be as they are.

    Attributes
    ----------
    startprob_, transmat_, means_, covars_, monitor_, report_, n_features

    Examples
    --------
    >>> import numpy as np
    >>> from jensen import hmm
    >>> model = hmm.GaussianHMM(2, "full")
    >>> model.startprob_ = np.array([0.6, 0.4])
    >>> model.transmat_ = np.array([[0.9, 0.1], [0.2, 0.8]])
    >>> model.means_ = np.array([[0.0, 0.0], [8.0, -8.0]])
    >>> model.covars_ = np.array([np.eye(2)] * 2)
    >>> X, states = model.sample(200, random_state=0)
    >>> bool((model.predict(X) == states).all())
    True
    >>> again = hmm.GaussianHMM(2, "full", random_state=1).fit(X)
    >>> again.monitor_.converged
    True
    """

    _letters = {**HMM._letters, "m": "means_", "c": "_covars_"}
    _no_wish = {"means_prior": 0, "means_weight": 0, "covars_prior": 1e-2, "covars_weight": 1}

    def __init__(self, n_components=1, covariance_type="diag", min_covar=1e-3, startprob_prior=1.0, transmat_prior=1.0,
                 means_prior=0, means_weight=0, covars_prior=1e-2, covars_weight=1, algorithm="viterbi",
                 random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="stmc", init_params="stmc",
                 implementation="log"):
        super().__init__(n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                         init_params, implementation)
        self.covariance_type = covariance_type
        self.min_covar = min_covar
        self.means_prior = means_prior
        self.means_weight = means_weight
        self.covars_prior = covars_prior
        self.covars_weight = covars_weight

    @property
    def _patterns(self):
        return {"m": "*.mean[*]",
                "c": "*.covariance[*]" if self.covariance_type in ("full", "tied") else "*.variance[*]"}

    @property
    def covars_(self):
        """A matrix for each state."""
        d, k = np.asarray(self.means_).shape[1], self.n_components
        own = self._covars_
        if self.covariance_type == "diag":
            return np.array([np.diag(variances) for variances in own])
        if self.covariance_type == "tied":
            return np.array([own] * k)
        if self.covariance_type == "spherical":
            return np.eye(d) * np.reshape(own, (k, 1, 1))
        return own

    @covars_.setter
    def covars_(self, values):
        values = np.array(values, dtype=np.float64)
        k = self.n_components
        if self.covariance_type == "spherical" and values.size and len(values) == k:
            values = values.reshape(k, -1)[:, 0].copy()
        self._covars_ = values
        self._check_covars()

    def _check_covars(self):
        check_covariances(self._covars_, self.covariance_type, self._leading)

    @property
    def _leading(self):
        return () if self.covariance_type == "tied" else (self.n_components,)

    def _check_emissions(self):
        self.means_ = np.asarray(self.means_, dtype=np.float64)
        if self.means_.ndim != 2 or len(self.means_) != self.n_components:
            raise ValueError(f"means_ must have a row for each state, got the shape {self.means_.shape}")
        self._check_covars()
        self.n_features = self.means_.shape[1]

    def _columns(self):
        return self.means_.shape[1]

    def _schema(self, columns):
        return jointly(columns, f"gaussian({structure(self.covariance_type)})")

    def _emission_values(self):
        return np.concatenate([self.means_.ravel(), packed(self._covars_, self.covariance_type)])

    _start = "k-means++"

    def _take_partly(self, table, columns, needed, options):
        """Means from a start; covariances, whose states would not be those of the means given, from all rows."""
        if "m" in needed:
            self._take(self._begun(table, columns, self.n_components, options), ["m"])
        else:
            whole = self._whole_covariance(table, columns, options)
            self._covars_ = alike(whole, self.covariance_type, self._leading)

    def _take_emissions(self, model, values, letters):
        means, matrices = _core.hidden_markov_gaussians(model)
        if "m" in letters:
            self.means_ = np.array(means)
        if "c" in letters:
            self._covars_ = {
                "full": lambda: np.array(matrices), "tied": lambda: np.array(matrices[0]),
                "diag": lambda: np.array(np.diagonal(matrices, axis1=1, axis2=2)),
                "spherical": lambda: np.array(matrices[:, 0, 0])}[self.covariance_type]()
