"""Gaussian mixtures, with the interface of scikit-learn's."""

import numpy as np

from . import _core, _data
from ._base import RowEstimator
from .exceptions import ArgumentError

_SHAPES = {"full": "matrices", "tied": "matrix", "diagonal": "variances", "spherical": "variance"}


def _structure(covariance_type):
    """The engine's name of a covariance structure."""
    if not isinstance(covariance_type, str):
        raise ArgumentError(f"covariance_type: must be a name, got {covariance_type!r}")
    return _core.covariance_name("diagonal" if covariance_type == "diag" else covariance_type)


def _of_wrong_shape(name, what, shape, values):
    """scikit-learn's words, which code may look for, after the argument's name."""
    return f"{name}: The parameter '{what}' should have the shape of {shape}, but got {values.shape}"


def _as_matrices(values, structure, components, columns, name, what):
    """K × d × d from scikit-learn's shapes."""
    values = np.asarray(values, dtype=np.float64)
    kind = _SHAPES.get(structure, "matrices")
    shape = {"matrices": (components, columns, columns), "matrix": (columns, columns),
             "variances": (components, columns), "variance": (components,)}[kind]
    if values.shape != shape:
        raise ArgumentError(_of_wrong_shape(name, what, shape, values))
    if kind == "matrices":
        return np.ascontiguousarray(values)
    if kind == "matrix":
        return np.broadcast_to(values, (components, columns, columns)).copy()
    identity = np.eye(columns)
    return identity * (values[:, :, None] if kind == "variances" else values[:, None, None])


def _from_matrices(values, structure):
    """scikit-learn's shapes from K × d × d."""
    kind = _SHAPES.get(structure, "matrices")
    if kind == "matrix":
        return values[0].copy()
    if kind == "variances":
        return np.ascontiguousarray(np.diagonal(values, axis1=1, axis2=2))
    if kind == "variance":
        return values[:, 0, 0].copy()
    return values


def _precisions_cholesky(covariances, structure):
    """Upper triangular U with U Uᵀ = Σ⁻¹, or the square roots of precisions."""
    if _SHAPES.get(structure) in ("variances", "variance"):
        return 1 / np.sqrt(covariances)
    lower = np.linalg.cholesky(covariances)
    identity = np.broadcast_to(np.eye(covariances.shape[-1]), covariances.shape)
    return np.triu(np.swapaxes(np.linalg.solve(lower, identity), -1, -2))


def _squared(cholesky, structure):
    if _SHAPES.get(structure) in ("variances", "variance"):
        return cholesky**2
    return cholesky @ np.swapaxes(cholesky, -1, -2)


class GaussianMixture(RowEstimator):
    """A mixture of K Gaussians, fitted by EM: what ``sklearn.mixture.GaussianMixture`` is, and what it lacks.

    NaN is a missing cell and is integrated out; rows may have weights and known components; a weak prior scaled by the
    data keeps the likelihood bounded; the result does not depend on the number of threads. docs/compatibility.md lists
    what differs from scikit-learn, and why.

    Parameters
    ----------
    n_components : int, default 1
    covariance_type : {"full", "tied", "diag", "spherical"} or mclust's three letters, default "full"
        "EII", "VEI", … "VVV": volume, shape and orientation equal (E), variable (V) or the identity (I).
    tol : float, default 1e-8
        The fit has converged when the gain in log-likelihood still to come is estimated below tol per observation.
    reg_covar : float, default 0
        Must be 0, or 1e-6, scikit-learn's default, which means the same here: no wish. Adding to covariances after each
        M-step is not maximum likelihood and can lower it; `prior` does what it is for.
    max_iter : int, default 5000
    n_init : int or "auto", default "auto"
        Starts; the best end is kept. "auto": 10, or 1 where all starts would be the same.
    init_params : {"kmeans", "k-means++", "random", "hierarchical", "short-runs", "annealed"}, default "k-means++"
        Where a start begins. "kmeans" is "k-means++": EM itself does what Lloyd's iterations would.
    weights_init, means_init, precisions_init : arrays, optional
        Where all starts begin; what is not given comes from `init_params`.
    random_state : int, RandomState, Generator or None
        An integer is the engine's seed: the command line's ``--seed`` gives the same fit.
    warm_start : bool, default False
        fit() begins at the model that it left, with a single start.
    verbose : int or "bar", default 0
        Prints a line each `verbose_interval` iterations; "bar": a bar of tqdm's (where it is installed) for fits that
        take longer than a second.
    verbose_interval : int, default 10
    prior : {"default", "none"}, default "default"
        "default": as if 0.02/n further rows like the whole data had been seen by each component, which bounds the
        likelihood and moves little else. "none": plain maximum likelihood.
    algorithm : str, default "em"
        A variant of EM (docs/em.md): "em", "classification", "stochastic", "monte-carlo", "annealed", "incremental",
        "online", "sparse" or "ecm".
    acceleration : {"auto", "none", "squarem", "anderson", "quasi-newton"}, default "auto"
        Leaps between the steps (docs/acceleration.md); "auto" is the engine's choice.
    weight_kind : {"frequency", "sampling"}, default "frequency"
        Whether a row of weight w stands for w observations, or is one that represents w of a population.
    constraints : dict, optional
        What the parameters must satisfy, by name (docs/em.md): ``{"fix": {"weight[0]": 0.3}, "bound": {"mean[*,0]": (0,
        None)}, "tie": [["covariance[#,*]"]], "order": [["mean[0,0]", "mean[1,0]"]]}``, or the command line's texts.
    checkpoint : path, optional
        A file that keeps the fit as it stands; a fit that was killed goes on from it, to the same bits.
    n_jobs : int, optional
        Threads; None and -1: one per processor. The result is the same for any number.
    callback : callable, optional
        Called after every iteration with a dictionary; a true answer ends the fit, with the best so far.

    Attributes
    ----------
    weights_, means_, covariances_, precisions_, precisions_cholesky_ : arrays
        In scikit-learn's shapes; K × d × d for structures that it does not have. Read-only: assign new ones.
    converged_, n_iter_, lower_bound_, lower_bounds_, n_features_in_, feature_names_in_
        As in scikit-learn; lower_bound_ is the log-likelihood per unit of weight.
    report_ : Report
        All that the engine says about the fit.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> X = np.array([[1.0, 2], [1, 4], [1.5, 0], [10, 2], [10, 4], [10.5, 0]])
    >>> mixture = jensen.GaussianMixture(n_components=2, random_state=0).fit(X)
    >>> np.sort(mixture.means_[:, 0]).round(2).tolist()
    [1.17, 10.17]
    >>> labels = mixture.predict([[0, 0], [12, np.nan]])
    >>> bool(labels[0] != labels[1])
    True
    """

    _shown = ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_", "_made_of")

    def __init__(self, n_components=1, *, covariance_type="full", tol=1e-8, reg_covar=0.0, max_iter=5000,
                 n_init="auto", init_params="k-means++", weights_init=None, means_init=None, precisions_init=None,
                 random_state=None, warm_start=False, verbose=0, verbose_interval=10, prior="default",
                 algorithm="em", acceleration="auto", weight_kind="frequency", constraints=None, checkpoint=None,
                 n_jobs=None, callback=None):
        self.n_components = n_components
        self.covariance_type = covariance_type
        self.tol = tol
        self.reg_covar = reg_covar
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.weights_init = weights_init
        self.means_init = means_init
        self.precisions_init = precisions_init
        self.random_state = random_state
        self.warm_start = warm_start
        self.verbose = verbose
        self.verbose_interval = verbose_interval
        self.prior = prior
        self.algorithm = algorithm
        self.acceleration = acceleration
        self.weight_kind = weight_kind
        self.constraints = constraints
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs
        self.callback = callback

    # Fitting ---------------------------------------------------------------------------------------------------------

    def fit(self, X, y=None, sample_weight=None, *, labels=None):
        """Fits the mixture to rows.

        Parameters
        ----------
        X : array or data frame, rows × columns
            float32 and float64 are read in place. NaN is a missing cell.
        y : ignored
        sample_weight : array, optional
            ≥ 0, one by row.
        labels : array of int, optional
            Known components, −1 where unknown.
        """
        options = self._options()
        if self.reg_covar not in (0, 1e-6):
            raise ArgumentError(
                f"reg_covar: must be 0, got {self.reg_covar!r}: adding to covariances is not maximum likelihood; "
                "prior='default' keeps the likelihood bounded")
        X = _data.from_stream(X)
        names = _data.columns_of(X)
        values = _data.matrix(X, least_rows=2)
        table = _data.table(
            values, names, weights=_data.weights(sample_weight, len(values)), weight_kind=self.weight_kind,
            labels=_data.labels_of(labels, len(values), self.n_components),
            states=self.n_components)
        result = self._fit(table, values.shape[1], options)
        _data.check_feature_names(self, names, reset=True)
        self.n_features_in_ = values.shape[1]
        return self._finish(*result)

    def _fit(self, table, columns, options):
        structure = _structure(self.covariance_type)
        start = self._given_start(columns)
        if start is not None:
            options.update(start="given", restarts=1)
            return _core.fit_gaussian_mixture_from(table, start, self.prior, options, self._progress())
        if self.weights_init is None and self.means_init is None and self.precisions_init is None:
            return _core.fit_gaussian_mixture(table, self.n_components, structure, self.prior, options,
                                              self._progress())
        return self._fit_from_partly_given_starts(table, structure, options)

    def _fit_from_partly_given_starts(self, table, structure, options):
        if "checkpoint" in options:
            raise ArgumentError("checkpoint: needs a start that is given whole, or not at all")
        starts = options.pop("restarts")
        seed = options.pop("seed")
        best = None
        for number in range(starts):
            own = {**options, "seed": _core.restart_seed(seed, number), "restarts": 1}
            begun, _, _ = _core.fit_gaussian_mixture(table, self.n_components, structure, self.prior,
                                                     {**own, "max_iterations": 0, "algorithm": "em"}, None)
            start = self._overridden(begun, structure, table.columns)
            end = _core.fit_gaussian_mixture_from(table, start, self.prior, {**own, "start": "given"},
                                                  self._progress())
            if best is None or self._rank(end) > self._rank(best):
                best = end
            if end[2] or end[1]["outcome"] == "stopped_by_caller":
                return (*best[:2], end[2])
        return best

    @staticmethod
    def _rank(end):
        fields = end[1]
        return not fields["degeneracies"], fields["log_likelihood"] + fields["log_prior"]

    def _overridden(self, model, structure, columns):
        weights, means, covariances, _ = _core.gaussian_mixture_parameters(model)
        if self.weights_init is not None:
            weights = self._initial_weights()
        if self.means_init is not None:
            means = self._initial_means(columns)
        if self.precisions_init is not None:
            covariances = self._initial_covariances(structure, columns)
        return _core.gaussian_mixture(weights, means, covariances, structure, model.columns)

    def _given_start(self, columns):
        if self.warm_start and hasattr(self, "_model"):
            model = self._engine()
            if (model.states, len(model.columns)) != (self.n_components, columns):
                raise ArgumentError(
                    f"warm_start: the model has {model.states} components in {len(model.columns)} columns, but "
                    f"{self.n_components} in {columns} are to be fitted")
            return model
        if self.weights_init is None or self.means_init is None or self.precisions_init is None:
            return None
        structure = _structure(self.covariance_type)
        return _core.gaussian_mixture(self._initial_weights(), self._initial_means(columns),
                                      self._initial_covariances(structure, columns), structure,
                                      [f"x{j + 1}" for j in range(columns)])

    def _initial_weights(self):
        weights = np.ascontiguousarray(self.weights_init, dtype=np.float64)
        if weights.shape != (self.n_components,):
            raise ArgumentError(_of_wrong_shape("weights_init", "weights", (self.n_components,), weights))
        if (weights < 0).any() or (weights > 1).any():
            raise ArgumentError("weights_init: The parameter 'weights' should be in the range [0, 1], but got max "
                                f"value {weights.min():.5f}, min value {weights.max():.5f}")
        if not np.isclose(weights.sum(), 1):
            raise ArgumentError("weights_init: The parameter 'weights' should be normalized, but got sum(weights) = "
                                f"{weights.sum():.5f}")
        return weights / weights.sum()

    def _initial_means(self, columns):
        means = np.ascontiguousarray(self.means_init, dtype=np.float64)
        if means.shape != (self.n_components, columns):
            raise ArgumentError(_of_wrong_shape("means_init", "means", (self.n_components, columns), means))
        return means

    def _initial_covariances(self, structure, columns):
        what = f"{self.covariance_type} precision"
        precisions = _as_matrices(self.precisions_init, structure, self.n_components, columns, "precisions_init", what)
        symmetric = np.allclose(precisions, np.swapaxes(precisions, 1, 2))
        if not symmetric or (np.linalg.eigvalsh(precisions) <= 0).any():
            needed = "positive" if structure in ("diagonal", "spherical") else "symmetric, positive-definite"
            raise ArgumentError(f"precisions_init: '{what}' should be {needed}")
        covariances = np.linalg.inv(precisions)
        return np.ascontiguousarray((covariances + np.swapaxes(covariances, 1, 2)) / 2)

    def _finish(self, model, fields, interrupted):
        super()._finish(model, fields, interrupted)
        self.lower_bounds_ = (fields["trace"]["log_likelihood"] / fields["total_weight"]).tolist()
        return self

    # The fitted model ------------------------------------------------------------------------------------------------

    def _keep(self, model):
        super()._keep(model)
        weights, means, matrices, structure = _core.gaussian_mixture_parameters(model)
        self.weights_, self.means_ = weights, means
        self.covariances_ = _from_matrices(matrices, structure)
        self.precisions_cholesky_ = _precisions_cholesky(self.covariances_, structure)
        self.precisions_ = _squared(self.precisions_cholesky_, structure)
        for name in ("weights_", "means_", "covariances_", "precisions_", "precisions_cholesky_"):
            getattr(self, name).flags.writeable = False
        self._made_of = self._parts()

    def _n_parameters(self):
        """As scikit-learn's, which code outside of it uses."""
        return self._engine().free_parameters

    def _parts(self):
        return tuple(getattr(self, name, None) for name in ("weights_", "means_", "covariances_",
                                                            "precisions_cholesky_"))

    def _engine(self):
        """The model; made anew where attributes were assigned by hand, as scikit-learn's users do."""
        made_of = getattr(self, "_made_of", (None,) * 4)
        parts = self._parts()
        if all(one is other for one, other in zip(parts, made_of)):
            return super()._engine()
        weights, means, covariances, cholesky = parts
        if weights is None or means is None or (covariances is None and cholesky is None):
            return super()._engine()
        structure = _structure(self.covariance_type)
        means = np.ascontiguousarray(means, dtype=np.float64)
        if covariances is made_of[2] and cholesky is not made_of[3]:
            precisions = _as_matrices(_squared(np.asarray(cholesky, dtype=np.float64), structure), structure,
                                      *means.shape, "precisions_cholesky_", "precisions_cholesky")
            matrices = np.linalg.inv(precisions)
        else:
            matrices = _as_matrices(covariances, structure, *means.shape, "covariances_", "covariances")
        names = getattr(self, "feature_names_in_", None)
        names = [f"x{j + 1}" for j in range(means.shape[1])] if names is None else list(names)
        self._keep(_core.gaussian_mixture(np.ascontiguousarray(weights, dtype=np.float64), means,
                                          np.ascontiguousarray(matrices), structure, names))
        self.n_features_in_ = means.shape[1]
        return self._model

    def sample(self, n_samples=1):
        """Draws rows.

        Returns
        -------
        X : array, n_samples × columns
        y : array, the component of each row
        """
        model = self._engine()
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        X, y = model.sample(int(n_samples), _data.seed_of(self.random_state))
        return X, y.astype(np.intp)

    def impute(self, X):
        """X with missing cells at what is expected there given the row's other cells."""
        model = self._engine()
        return model.impute(self._rows(X), self._threads())

    @classmethod
    def _from_model(cls, model):
        weights, means, _, structure = _core.gaussian_mixture_parameters(model)
        fit = model.fit
        estimator = cls(len(weights), covariance_type="diag" if structure == "diagonal" else structure,
                        prior=fit["prior"] if fit else "default")
        estimator._keep(model)
        estimator.n_features_in_ = means.shape[1]
        if model.columns != [f"x{j + 1}" for j in range(means.shape[1])]:
            estimator.feature_names_in_ = np.asarray(model.columns, dtype=object)
        estimator._summarized(model)
        if fit:
            estimator.lower_bound_ = fit["log_likelihood"] / fit["observations"]
        return estimator
