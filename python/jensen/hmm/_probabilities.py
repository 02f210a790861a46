"""States that are categories, or counts of them."""

import numpy as np

from .. import _data
from ._base import HMM
from ._parameters import jointly


class _WithProbabilities(HMM):
    _letters = {**HMM._letters, "e": "emissionprob_"}
    _patterns = {"e": "*.probability[*]"}
    _no_wish = {"emissionprob_prior": 1}
    _cells = int

    def _check_emissions(self):
        self.emissionprob_ = np.atleast_2d(np.asarray(self.emissionprob_, dtype=np.float64))
        features = getattr(self, "n_features", None) or self.emissionprob_.shape[1]
        self.emissionprob_ = self._distributions("emissionprob_", (self.n_components, features))
        self.n_features = features

    def _emission_values(self):
        return self.emissionprob_.ravel()

    def _take_emissions(self, model, values, letters):
        if "e" in letters:
            self.emissionprob_ = values.reshape(self.n_components, -1).copy()


class CategoricalHMM(_WithProbabilities):
    """hmmlearn's CategoricalHMM: parameters as of GaussianHMM, `emissionprob_prior` must be 1. X is one column of 0 …
    n_features − 1.

    >>> import numpy as np
    >>> from jensen import hmm
    >>> model = hmm.CategoricalHMM(2)
    >>> model.startprob_, model.transmat_ = np.array([0.6, 0.4]), np.array([[0.7, 0.3], [0.4, 0.6]])
    >>> model.emissionprob_ = np.array([[0.1, 0.4, 0.5], [0.6, 0.3, 0.1]])
    >>> log_prob, states = model.decode([[0], [1], [2]])
    >>> round(float(np.exp(log_prob)), 5), states.tolist()
    (0.01344, [1, 0, 0])
    """

    def __init__(self, n_components=1, startprob_prior=1.0, transmat_prior=1.0, *, emissionprob_prior=1.0,
                 n_features=None, algorithm="viterbi", random_state=None, n_iter=5000, tol=1e-2, verbose=False,
                 params="ste", init_params="ste", implementation="log"):
        super().__init__(n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                         init_params, implementation)
        self.emissionprob_prior = emissionprob_prior
        self.n_features = n_features

    def _columns(self):
        return 1

    def _schema(self, columns):
        if columns != 1:
            raise ValueError(f"X must be one column of categories, got {columns}")
        return f"x1:categorical(levels={self.n_features})"

    def _check_and_set_n_features(self, X):
        X = np.asarray(X)
        if (X < 0).any() or not np.array_equal(X, np.floor(X)):
            raise ValueError("Symbols should be nonnegative integers.")
        if self.n_features is None:
            self.n_features = int(X.max()) + 1
        elif self.n_features - 1 < X.max():
            raise ValueError(f"Largest symbol is {X.max()} but the model only emits symbols up to {self.n_features - 1}")


class MultinomialHMM(_WithProbabilities):
    """hmmlearn's MultinomialHMM: a row holds counts of n_features outcomes in `n_trials` trials.

    >>> import numpy as np
    >>> from jensen import hmm
    >>> model = hmm.MultinomialHMM(2, n_trials=5)
    >>> model.startprob_, model.transmat_ = np.array([0.6, 0.4]), np.array([[0.8, 0.2], [0.2, 0.8]])
    >>> model.emissionprob_ = np.array([[0.5, 0.3, 0.1, 0.1], [0.1, 0.1, 0.4, 0.4]])
    >>> model.predict([[3, 1, 1, 0], [0, 1, 1, 3]]).tolist()
    [0, 1]
    """

    _no_wish = {}

    def __init__(self, n_components=1, n_trials=None, startprob_prior=1.0, transmat_prior=1.0, algorithm="viterbi",
                 random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="ste", init_params="ste",
                 implementation="log"):
        super().__init__(n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                         init_params, implementation)
        self.n_trials = n_trials

    def _columns(self):
        return self.emissionprob_.shape[1]

    def _schema(self, columns):
        return jointly(columns, "multinomial")

    def sample(self, n_samples=1, random_state=None, currstate=None):
        """Draws one sequence of rows, each of `n_trials` trials, and states."""
        trials = np.unique(self.n_trials) if self.n_trials is not None else np.empty(0)
        if len(trials) != 1:
            raise ValueError("For sampling, a single n_trials must be given")
        _, states = super().sample(n_samples, random_state, currstate)
        generator = np.random.default_rng(_data.seed_of(self.random_state if random_state is None else random_state))
        return generator.multinomial(int(trials[0]), self.emissionprob_[states]), states
