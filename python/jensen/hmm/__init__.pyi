from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from typing_extensions import Self

from . import Report

class Monitor:
    tol: float
    n_iter: int
    verbose: bool
    history: list[float]
    iter: int
    converged: bool

class _HMM:
    n_features: int
    startprob_: Any
    transmat_: Any
    monitor_: Monitor
    report_: Report
    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def set_params(self, **params: Any) -> Self: ...
    def fit(self, X: Any, lengths: ArrayLike | None = None) -> Self: ...
    def score_samples(self, X: Any, lengths: ArrayLike | None = None) -> tuple[float, NDArray[np.float64]]: ...
    def score(self, X: Any, lengths: ArrayLike | None = None) -> float: ...
    def predict_proba(self, X: Any, lengths: ArrayLike | None = None) -> NDArray[np.float64]: ...
    def decode(self, X: Any, lengths: ArrayLike | None = None,
               algorithm: str | None = None) -> tuple[float, NDArray[np.intp]]: ...
    def predict(self, X: Any, lengths: ArrayLike | None = None) -> NDArray[np.intp]: ...
    def sample(self, n_samples: int = 1, random_state: Any = None,
               currstate: int | None = None) -> tuple[NDArray[Any], NDArray[np.intp]]: ...
    def bic(self, X: Any, lengths: ArrayLike | None = None) -> float: ...
    def aic(self, X: Any, lengths: ArrayLike | None = None) -> float: ...
    def get_stationary_distribution(self) -> NDArray[np.float64]: ...
    def save(self, path: str) -> None: ...

class GaussianHMM(_HMM):
    means_: Any
    covars_: Any
    def __init__(self, n_components: int = 1, covariance_type: str = "diag", min_covar: float = 1e-3,
                 startprob_prior: ArrayLike = 1.0, transmat_prior: ArrayLike = 1.0, means_prior: ArrayLike = 0,
                 means_weight: ArrayLike = 0, covars_prior: ArrayLike = 1e-2, covars_weight: ArrayLike = 1,
                 algorithm: str = "viterbi", random_state: Any = None, n_iter: int = 5000, tol: float = 1e-2,
                 verbose: bool = False, params: str = "stmc", init_params: str = "stmc",
                 implementation: str = "log") -> None: ...

class GMMHMM(_HMM):
    weights_: Any
    means_: Any
    covars_: Any
    def __init__(self, n_components: int = 1, n_mix: int = 1, min_covar: float = 1e-3,
                 startprob_prior: ArrayLike = 1.0, transmat_prior: ArrayLike = 1.0, weights_prior: ArrayLike = 1.0,
                 means_prior: ArrayLike = 0.0, means_weight: ArrayLike = 0.0, covars_prior: ArrayLike | None = None,
                 covars_weight: ArrayLike | None = None, algorithm: str = "viterbi", covariance_type: str = "diag",
                 random_state: Any = None, n_iter: int = 5000, tol: float = 1e-2, verbose: bool = False,
                 params: str = "stmcw", init_params: str = "stmcw", implementation: str = "log") -> None: ...

class PoissonHMM(_HMM):
    lambdas_: Any
    def __init__(self, n_components: int = 1, startprob_prior: ArrayLike = 1.0, transmat_prior: ArrayLike = 1.0,
                 lambdas_prior: ArrayLike = 0.0, lambdas_weight: ArrayLike = 0.0, algorithm: str = "viterbi",
                 random_state: Any = None, n_iter: int = 5000, tol: float = 1e-2, verbose: bool = False,
                 params: str = "stl", init_params: str = "stl", implementation: str = "log") -> None: ...

class CategoricalHMM(_HMM):
    emissionprob_: Any
    def __init__(self, n_components: int = 1, startprob_prior: ArrayLike = 1.0, transmat_prior: ArrayLike = 1.0, *,
                 emissionprob_prior: ArrayLike = 1.0, n_features: int | None = None, algorithm: str = "viterbi",
                 random_state: Any = None, n_iter: int = 5000, tol: float = 1e-2, verbose: bool = False,
                 params: str = "ste", init_params: str = "ste", implementation: str = "log") -> None: ...

class MultinomialHMM(_HMM):
    emissionprob_: Any
    def __init__(self, n_components: int = 1, n_trials: ArrayLike | None = None, startprob_prior: ArrayLike = 1.0,
                 transmat_prior: ArrayLike = 1.0, algorithm: str = "viterbi", random_state: Any = None,
                 n_iter: int = 5000, tol: float = 1e-2, verbose: bool = False, params: str = "ste",
                 init_params: str = "ste", implementation: str = "log") -> None: ...
