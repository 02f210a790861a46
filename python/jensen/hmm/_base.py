"""What can be asked of hmmlearn's classes."""

import numpy as np

from .. import _core, _data
from ._fitting import Fitting


class HMM(Fitting):
    """Scores, states and samples at the parameters that the attributes hold."""

    def __init__(self, n_components, startprob_prior, transmat_prior, algorithm, random_state, n_iter, tol, verbose, params,
                 init_params, implementation):
        self.n_components = n_components
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.verbose = verbose
        self.params = params
        self.init_params = init_params
        self.implementation = implementation

    def _rows(self, X, lengths):
        X = _data.matrix(X)
        if X.shape[1] != self._columns():
            raise ValueError(f"X has {X.shape[1]} features, but {type(self).__name__} is expecting {self._columns()} "
                             "features as input.")
        return self._table(X, lengths)[0]

    def score_samples(self, X, lengths=None):
        """The log-likelihood, and p(state of the row | its whole sequence), rows × states."""
        model = self._made()
        table = self._rows(X, lengths)
        return float(model.score(table, 0).sum()), model.responsibilities(table, 0)

    def score(self, X, lengths=None):
        """The log-likelihood of all sequences."""
        return float(self._made().score(self._rows(X, lengths), 0).sum())

    def _residuals(self, X, lengths, column):
        return self._pseudo_residuals(self._rows(X, lengths), column)

    def predict_proba(self, X, lengths=None):
        """p(state of the row | its whole sequence), rows × states."""
        return self.score_samples(X, lengths)[1]

    def decode(self, X, lengths=None, algorithm=None):
        """The most probable path and its log p(X, path); with algorithm="map" the most probable state of each row, and the
        sum of their probabilities."""
        algorithm = algorithm or self.algorithm
        if algorithm not in ("viterbi", "map"):
            raise ValueError(f"Unknown decoder {algorithm!r}")
        if algorithm == "map":
            probabilities = self.predict_proba(X, lengths)
            return float(probabilities.max(axis=1).sum()), probabilities.argmax(axis=1)
        path, value = _core.decode(self._made(), self._rows(X, lengths))
        return float(value.sum()), path.astype(int)

    def predict(self, X, lengths=None):
        """The states of decode()."""
        return self.decode(X, lengths)[1]

    def sample(self, n_samples=1, random_state=None, currstate=None):
        """Draws one sequence of rows and states; currstate: the state it begins in."""
        start = None if currstate is None else np.eye(self.n_components)[currstate]
        X, states = self._made(start).sample(
            int(n_samples), _data.seed_of(self.random_state if random_state is None else random_state))
        return np.ascontiguousarray(X).astype(self._cells), states.astype(int)

    _cells = float

    def bic(self, X, lengths=None):
        """−2 ℓ + p ln n, n the number of rows; lower is better."""
        return float(-2 * self.score(X, lengths) + self._made().free_parameters * np.log(len(X)))

    def aic(self, X, lengths=None):
        """−2 ℓ + 2 p; lower is better."""
        return float(-2 * self.score(X, lengths) + 2 * self._made().free_parameters)

    def get_stationary_distribution(self):
        """π with π A = π."""
        self._check()
        values, vectors = np.linalg.eig(self.transmat_.T)
        vector = vectors[:, np.argmax(values.real)].real
        return vector / vector.sum()
