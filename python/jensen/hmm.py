"""hmmlearn's classes: code written for ``from hmmlearn import hmm`` runs with ``from jensen import hmm``.

docs/compatibility.md lists what differs and why. jensen.HiddenMarkov is the same with more to say.
"""

import logging

import numpy as np

from . import _core, _data
from ._base import Estimator
from .exceptions import ArgumentError, NotFittedError, as_known

__all__ = ["CategoricalHMM", "GaussianHMM", "MultinomialHMM", "PoissonHMM"]

_log = logging.getLogger(__name__)


class Monitor:
    """How the last fit went, as hmmlearn's ConvergenceMonitor says it: history holds log-likelihoods."""

    def __init__(self, tol, n_iter, verbose):
        self.tol, self.n_iter, self.verbose = tol, n_iter, verbose
        self.history, self.iter, self.converged = [], 0, False

    def __repr__(self):
        return f"Monitor(converged={self.converged}, iter={self.iter}, history={self.history})"


class _HMM(Estimator):
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

    # Fitting ---------------------------------------------------------------------------------------------------------

    def _fit_options(self, rows):
        for name in ("params", "init_params"):
            unknown = set(getattr(self, name)) - set(self._letters)
            if unknown:
                raise ArgumentError(f"{name}: {''.join(sorted(unknown))!r} are none of {''.join(self._letters)!r}")
        return {"tolerance": float(self.tol) / rows, "max_iterations": int(self.n_iter), "restarts": 1, "seed": _data.seed_of(self.random_state), "threads": 0}

    def _table(self, X, lengths):
        X = _data.matrix(X)
        if lengths is not None and np.ndim(lengths) == 0:
            lengths = [lengths]
        columns = X.shape[1]
        return _data.table(X, [f"x{j + 1}" for j in range(columns)],
                           begins=_data.lengths_to_begins(lengths, len(X))), columns, len(X)

    def _to_initialize(self):
        """The letters of what a fit begins without."""
        needed = []
        for letter, name in self._letters.items():
            there = hasattr(self, name)
            if letter in self.init_params and there:
                _log.warning("Even though the %r attribute is set, it will be overwritten during initialization because "
                             "'init_params' contains %r", name, letter)
            if letter in self.init_params or not there:
                needed.append(letter)
        return needed

    def _begin(self, table, columns, rows, starts=0):
        """Sets what there is to initialise: from the data's own start, or from fits from so many of them."""
        needed = self._to_initialize()
        emissions = [letter for letter in self._letters if letter not in "st"]
        options = {**self._fit_options(rows), "start": self._start}
        if set(emissions) <= set(needed):
            options.update({"restarts": starts} if starts > 0 else {"max_iterations": 0})
            begun = self._begun(table, columns, self.n_components, options)
            self._take(begun, needed if {"s", "t"} <= set(needed) else emissions)
        elif set(emissions) & set(needed):
            self._take_partly(table, columns, needed, {**options, "max_iterations": 0})
        if not {"s", "t", *emissions} <= set(needed):  # the start's states are not those that were given
            k = self.n_components
            if "s" in needed:
                self.startprob_ = np.full(k, 1 / k)
            if "t" in needed:
                self.transmat_ = np.full((k, k), 1 / k)
        if self._made().free_parameters > rows * columns:
            _log.warning("Fitting a model with more free parameters than there are numbers in the data will result in a "
                         "degenerate solution.")

    _start = "random"

    def _begun(self, table, columns, states, options):
        return _core.fit_hidden_markov(table, self._schema(columns), {}, states, "full", "free", 0.0, "default", options,
                                       None)[0]

    def _init(self, X, lengths=None):
        X = np.asarray(X)
        self._check_and_set_n_features(X)
        self._begin(*self._table(X, lengths))

    def _take(self, model, letters=None):
        letters = list(self._letters) if letters is None else letters
        startprob, transmat = _core.hidden_markov_chain(model)
        if "s" in letters:
            self.startprob_ = np.array(startprob)
        if "t" in letters:
            self.transmat_ = np.array(transmat)
        values = np.array(model.parameters[1])[self.n_components * (1 + self.n_components):]
        self._take_emissions(model, values, letters)

    def fit(self, X, lengths=None):
        """Fits the model by EM: begins at what `init_params` names (or what is not there) as found in the data, and at the
        attributes for the rest; `params` names what is estimated."""
        self._refuse_priors()
        counts = self._pseudo_count("startprob_prior"), self._pseudo_count("transmat_prior")
        X = _data.matrix(X, least_rows=1)
        self._check_and_set_n_features(X)
        table, columns, rows = self._table(X, lengths)
        options = self._fit_options(rows)
        # With nothing given, several starts are fitted, and this fit goes on from the best.
        alone = set(self._to_initialize_quietly()) == set(self._letters)
        self._begin(table, columns, rows, starts=10 if alone and self.n_iter > 1 else 0)
        fixed = [pattern for letter, pattern in self._patterns.items() if letter not in self.params]
        if fixed:
            options["constraints"] = {"fix": fixed}
        self.callback = None
        result = _core.fit_hidden_markov_from(table, self._made(), "default", *counts, "s" not in self.params,
                                              "t" not in self.params, {**options, "start": "given"}, self._progress())
        del self.callback
        return self._finish(*result)

    verbose_interval = 1

    def _to_initialize_quietly(self):
        return [letter for letter, name in self._letters.items()
                if letter in self.init_params or not hasattr(self, name)]

    def _finish(self, model, fields, interrupted):
        self.monitor_ = Monitor(self.tol, self.n_iter, self.verbose)
        super()._finish(model, fields, interrupted)
        self.monitor_.history = fields["trace"]["log_likelihood"].tolist()
        self.monitor_.iter = self.n_iter_
        self.monitor_.converged = self.converged_
        return self

    def _keep(self, model):
        self._take(model)

    # The fitted model ------------------------------------------------------------------------------------------------

    def score_samples(self, X, lengths=None):
        """The log-likelihood, and p(state of the row | its whole sequence), rows × states."""
        model = self._made()
        table, _, _ = self._table(X, lengths)
        return float(model.score(table, 0).sum()), model.responsibilities(table, 0)

    def score(self, X, lengths=None):
        """The log-likelihood of all sequences."""
        return float(self._made().score(self._table(X, lengths)[0], 0).sum())

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
        path, value = _core.decode(self._made(), self._table(X, lengths)[0])
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


class GaussianHMM(_HMM):
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

    _letters = {**_HMM._letters, "m": "means_", "c": "_covars_"}
    _patterns = {"m": "*mean[*]", "c": "*variance[*]"}
    _no_wish = {"means_prior": 0, "means_weight": 0, "covars_prior": 1e-2, "covars_weight": 1}

    def __init__(self, n_components=1, covariance_type="diag", min_covar=1e-3, startprob_prior=1.0, transmat_prior=1.0,
                 means_prior=0, means_weight=0, covars_prior=1e-2, covars_weight=1, algorithm="viterbi",
                 random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="stmc", init_params="stmc",
                 implementation="log"):
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.min_covar = min_covar
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.means_prior = means_prior
        self.means_weight = means_weight
        self.covars_prior = covars_prior
        self.covars_weight = covars_weight
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.verbose = verbose
        self.params = params
        self.init_params = init_params
        self.implementation = implementation

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
        kind, k, own = self.covariance_type, self.n_components, np.asarray(self._covars_)
        if kind not in ("full", "tied", "diag", "spherical"):
            raise ValueError(f"covariance_type must be one of full, tied, diag, spherical, got {kind!r}")
        axes = {"full": 3, "tied": 2, "diag": 2, "spherical": 1}[kind]
        if own.ndim != axes or (kind != "tied" and len(own) != k):
            raise ValueError(f"'{kind}' covars have the wrong shape {own.shape}")
        matrices = own if kind in ("full", "tied") else None
        sound = (own > 0).all() if matrices is None else (
            np.allclose(matrices, np.swapaxes(matrices, -1, -2)) and (np.linalg.eigvalsh(matrices) > 0).all())
        if not sound:
            raise ValueError(f"'{kind}' covars must be symmetric, positive-definite")

    def _check_emissions(self):
        self.means_ = np.asarray(self.means_, dtype=np.float64)
        if self.means_.ndim != 2 or len(self.means_) != self.n_components:
            raise ValueError(f"means_ must have a row for each state, got the shape {self.means_.shape}")
        self._check_covars()
        self.n_features = self.means_.shape[1]

    def _columns(self):
        return self.means_.shape[1]

    def _schema(self, columns):
        kind = "diagonal" if self.covariance_type == "diag" else self.covariance_type
        if kind not in ("full", "tied", "diagonal", "spherical"):
            raise ValueError(f"covariance_type must be one of full, tied, diag, spherical, got {kind!r}")
        return " + ".join(f"x{j + 1}" for j in range(columns)) + f":gaussian({kind})"

    def _emission_values(self):
        own = np.asarray(self._covars_)
        if self.covariance_type in ("full", "tied"):
            rows, columns = np.tril_indices(own.shape[-1])
            own = own[..., rows, columns]
        return np.concatenate([self.means_.ravel(), own.ravel()])

    _start = "k-means++"

    def _take_partly(self, table, columns, needed, options):
        """Means from a start; covariances, whose states would not be those of the means given, from all rows."""
        if "m" in needed:
            self._take(self._begun(table, columns, self.n_components, options), ["m"])
        else:
            k, whole = self.n_components, np.array(
                _core.hidden_markov_gaussians(self._begun(table, columns, 1, options))[1][0])
            self._covars_ = {"full": lambda: np.array([whole] * k), "tied": lambda: whole,
                             "diag": lambda: np.array([np.diag(whole)] * k),
                             "spherical": lambda: np.full(k, whole[0, 0])}[self.covariance_type]()

    def _take_emissions(self, model, values, letters):
        means, matrices = _core.hidden_markov_gaussians(model)
        if "m" in letters:
            self.means_ = np.array(means)
        if "c" in letters:
            self._covars_ = {
                "full": lambda: np.array(matrices), "tied": lambda: np.array(matrices[0]),
                "diag": lambda: np.array(np.diagonal(matrices, axis1=1, axis2=2)),
                "spherical": lambda: np.array(matrices[:, 0, 0])}[self.covariance_type]()


class PoissonHMM(_HMM):
    """hmmlearn's PoissonHMM: parameters as of GaussianHMM, `lambdas_prior` and `lambdas_weight` must be 0.

    >>> import numpy as np
    >>> from jensen import hmm
    >>> counts = np.random.default_rng(0).poisson(np.repeat([2, 20, 2], 40))[:, None]
    >>> np.sort(hmm.PoissonHMM(2, random_state=0).fit(counts).lambdas_[:, 0]).round().tolist()
    [2.0, 21.0]
    """

    _letters = {**_HMM._letters, "l": "lambdas_"}
    _patterns = {"l": "*.rate[*]"}
    _no_wish = {"lambdas_prior": 0.0, "lambdas_weight": 0.0}
    _cells = int

    def __init__(self, n_components=1, startprob_prior=1.0, transmat_prior=1.0, lambdas_prior=0.0, lambdas_weight=0.0,
                 algorithm="viterbi", random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="stl",
                 init_params="stl", implementation="log"):
        self.n_components = n_components
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.lambdas_prior = lambdas_prior
        self.lambdas_weight = lambdas_weight
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.verbose = verbose
        self.params = params
        self.init_params = init_params
        self.implementation = implementation

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


class _WithProbabilities(_HMM):
    _letters = {**_HMM._letters, "e": "emissionprob_"}
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
        self.n_components = n_components
        self.startprob_prior = startprob_prior
        self.transmat_prior = transmat_prior
        self.emissionprob_prior = emissionprob_prior
        self.n_features = n_features
        self.algorithm = algorithm
        self.random_state = random_state
        self.n_iter = n_iter
        self.tol = tol
        self.verbose = verbose
        self.params = params
        self.init_params = init_params
        self.implementation = implementation

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

    def __init__(self, n_components=1, n_trials=None, startprob_prior=1.0, transmat_prior=1.0, algorithm="viterbi",
                 random_state=None, n_iter=5000, tol=1e-2, verbose=False, params="ste", init_params="ste",
                 implementation="log"):
        self.n_components = n_components
        self.n_trials = n_trials
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

    _no_wish = {}

    def _columns(self):
        return self.emissionprob_.shape[1]

    def _schema(self, columns):
        return " + ".join(f"x{j + 1}" for j in range(columns)) + ":multinomial"

    def sample(self, n_samples=1, random_state=None, currstate=None):
        """Draws one sequence of rows, each of `n_trials` trials, and states."""
        trials = np.unique(self.n_trials) if self.n_trials is not None else np.empty(0)
        if len(trials) != 1:
            raise ValueError("For sampling, a single n_trials must be given")
        _, states = super().sample(n_samples, random_state, currstate)
        generator = np.random.default_rng(_data.seed_of(self.random_state if random_state is None else random_state))
        return generator.multinomial(int(trials[0]), self.emissionprob_[states]), states
