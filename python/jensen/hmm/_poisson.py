"""States of independent Poisson counts."""

import numpy as np

from ._base import HMM


class PoissonHMM(HMM):
    """hmmlearn's PoissonHMM: parameters as of GaussianHMM, `lambdas_prior` and `lambdas_weight` must be 0.

    >>> import numpy as np
    >>> from jensen import hmm
    >>> counts = np.random.default_rng(0).poisson(np.repeat([2, 20, 2], 40))[:, None]
    >>> np.sort(hmm.PoissonHMM(2, random_state=0).fit(counts).lambdas_[:, 0]).round().tolist()
    [2.0, 21.0]
    """

    _letters = {**HMM._letters, "l": "lambdas_"}
    _patterns = {"l": "*.rate[*]"}
    _no_wish = {"lambdas_prior": 0.0, "lambdas_weight": 0.0}
    _cells = int

    def __init__(self, n_components=1, startprob_prior=1.0, transmat_prior=1.0, lambdas_prior=0.0, lambdas_weight=0.0,
                 algorithm="viterbi", random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="stl",
                 init_params="stl", implementation="log"):
        super().__init__(n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                         init_params, implementation)
        self.lambdas_prior = lambdas_prior
        self.lambdas_weight = lambdas_weight

    def _check_emissions(self):
        self.lambdas_ = np.asarray(self.lambdas_, dtype=np.float64)
        if self.lambdas_.ndim != 2 or len(self.lambdas_) != self.n_components or self.lambdas_.shape[1] == 0:
            raise ValueError(f"lambdas_ must have a row for each state, got the shape {self.lambdas_.shape}")
        if (self.lambdas_ < 0).any():
            raise ValueError("lambdas_ must be ≥ 0")
        self.n_features = self.lambdas_.shape[1]

    def _columns(self):
        return self.lambdas_.shape[1]

    def _schema(self, columns):
        return ", ".join(f"x{j + 1}:poisson" for j in range(columns))

    def _emission_values(self):
        return self.lambdas_.T.ravel()

    def _take_emissions(self, model, values, letters):
        if "l" in letters:
            self.lambdas_ = values.reshape(-1, self.n_components).T.copy()
