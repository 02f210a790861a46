"""How many components, which covariance structure, which distributions."""

import warnings

import numpy as np

from . import _columns, _core, _data
from ._groups import Groups, column_named
from ._report import Report, Table
from .exceptions import ArgumentError, ConvergenceWarning, as_known
from .gaussian_mixture import GaussianMixture, _structure
from .mixture import Mixture

_SHOWN = ("components", "covariance", "schema", "log_likelihood", "free_parameters", "aic", "bic", "icl",
          "normalized_entropy", "cross_validated", "p_value", "outcome", "starts_at_best", "starts",
          "effective_components", "sound", "reason")
_NAMES = {"entropy": "normalized_entropy", "cv": "cross_validated"}


class Selection:
    """Candidates, ranked.

    Attributes
    ----------
    table : Table
        One row for each candidate, best first: sound ones by the criterion, then those that are not, with the reason.
    best : GaussianMixture or Mixture
        The first of them, fitted; None where none could be fitted.
    criterion : str
    """

    def __init__(self, rows, best, criterion):
        self.criterion = criterion
        self.best = best
        there = [name for name in _SHOWN if any(name in row for row in rows)]
        self.table = Table({name: [row.get(name, self._nothing(name)) for row in rows] for name in there})

    @staticmethod
    def _nothing(name):
        if name in ("outcome", "covariance", "schema", "reason"):
            return ""
        return -1 if name in ("free_parameters", "starts", "starts_at_best", "effective_components") else np.nan

    def __repr__(self):
        names = ["components", *(name for name in ("covariance", "schema") if name in self.table),
                 _NAMES.get(self.criterion, self.criterion), "sound"]
        return f"by {self.criterion}\n{Table({name: self.table[name] for name in names})!r}"

    def _repr_html_(self):
        return self.table._repr_html_()

    def plot(self, ax=None):
        """The criterion by the number of components, a line for each structure or schema. Returns the axes."""
        import matplotlib.pyplot

        ax = ax or matplotlib.pyplot.subplots()[1]
        value = self.table[_NAMES.get(self.criterion, self.criterion)]
        form = self.table["covariance" if "covariance" in self.table else "schema"]
        for name in dict.fromkeys(form.tolist()):
            chosen = (form == name) & self.table["sound"]
            order = np.argsort(self.table["components"][chosen])
            if chosen.any():
                ax.plot(self.table["components"][chosen][order], value[chosen][order], marker="o", label=name)
        ax.set_xlabel("components")
        ax.set_ylabel(self.criterion)
        ax.legend()
        return ax


def select(X, n_components=range(1, 7), *, covariance=("full", "tied", "diag", "spherical"), columns=None,
           criterion="bic", sample_weight=None, groups=None, folds=0, bootstrap=0, tol=1e-8, max_iter=5000,
           n_init="auto", init_params="k-means++", random_state=None, prior="default", algorithm="em",
           acceleration="auto", weight_kind="frequency", n_jobs=None):
    """Fits every combination and ranks them.

    Parameters
    ----------
    X : matrix, or with `columns` a table
    n_components : sequence of int
    covariance : "all", a structure, or a sequence of them
        Of Gaussian mixtures; "all" stands for mclust's fourteen.
    columns : dict or str, optional
        What the columns are, as in jensen.Mixture, with alternatives: ``{"income": "gaussian|log-normal|gamma"}``.
        Then mixtures of columns are fitted.
    criterion : {"bic", "aic", "icl", "entropy", "cv"}
        The last two with `columns`, and better the higher: 1 − H(z | x) / (Σ w ln K), and the mean log-likelihood of
        rows that a fit did not see.
    groups : array, or the name of a column of X, optional
        With `columns`: the group of each row, whose rows share their component, as in jensen.Mixture.fit. Folds and samples
        are of whole groups.
    folds, bootstrap : int
        With `columns`: folds of the cross-validation, samples of the test of K against K + 1 components.
    tol, max_iter, n_init, init_params, random_state, prior, algorithm, acceleration, weight_kind, n_jobs
        As of jensen.GaussianMixture.

    Returns
    -------
    Selection

    Examples
    --------
    >>> import numpy as np, jensen
    >>> rng = np.random.default_rng(0)
    >>> X = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(7, 1, (100, 2))])
    >>> result = jensen.select(X, n_components=range(1, 4), covariance=["EII", "full"], random_state=0)
    >>> result.best
    GaussianMixture(n_components=2, covariance_type='EII', random_state=0)
    >>> result.table["components"].tolist()[0], result.table["covariance"].tolist()[0]
    (2, 'EII')
    """
    components = [int(k) for k in ([n_components] if np.isscalar(n_components) else n_components)]
    shared = dict(tol=tol, max_iter=max_iter, n_init=n_init, init_params=init_params, random_state=random_state,
                  prior=prior, algorithm=algorithm, acceleration=acceleration, weight_kind=weight_kind, n_jobs=n_jobs)
    if columns is None:
        if folds or bootstrap or groups is not None:
            raise ArgumentError("folds, bootstrap, groups: need columns, say columns='gaussian' or what each column is")
        rows, best, stopped = _gaussian(X, components, covariance, criterion, sample_weight, shared)
    else:
        rows, best, stopped = _table(X, components, columns, criterion, sample_weight, groups, folds, bootstrap, shared)
    if stopped:
        warnings.warn(as_known(ConvergenceWarning)("the selection was ended by Ctrl-C: some candidates were not tried"),
                      stacklevel=2)
    return Selection(rows, best, criterion)


def _taken(estimator, best, names, columns):
    """The estimator as if it had been fitted."""
    if best is None:
        return None
    model, fields = best
    estimator._keep(model)
    estimator.report_ = Report(fields)
    estimator.converged_ = estimator.report_.converged
    estimator.n_iter_ = estimator.report_.iterations
    estimator.lower_bound_ = fields["log_likelihood"] / fields["total_weight"]
    estimator.n_features_in_ = columns
    if names is not None:
        estimator.feature_names_in_ = np.asarray(names, dtype=object)
    return estimator


def _gaussian(X, components, covariance, criterion, sample_weight, shared):
    X = _data.from_stream(X)
    names = _data.columns_of(X)
    values = _data.matrix(X, least_rows=2)
    if covariance == "all":
        structures = _core.all_covariances(values.shape[1])
    else:
        structures = [_structure(one) for one in ([covariance] if isinstance(covariance, str) else covariance)]
    estimator = GaussianMixture(**shared)
    table = _data.table(values, names, weights=_data.weights(sample_weight, len(values)),
                        weight_kind=estimator.weight_kind)
    rows, best, stopped = _core.select_gaussian_mixture(table, components, structures, criterion, estimator.prior,
                                                        estimator._options())
    if best is not None:
        structure = rows[0]["covariance"]
        estimator.set_params(n_components=rows[0]["components"],
                             covariance_type="diag" if structure == "diagonal" else structure)
        fields = best[1]
        estimator.lower_bounds_ = (fields["trace"]["log_likelihood"] / fields["total_weight"]).tolist()
    return rows, _taken(estimator, best, names, values.shape[1]), stopped


def _table(X, components, columns, criterion, sample_weight, groups, folds, bootstrap, shared):
    group_column = column_named(groups)
    text, names, levels, values, table = _columns.read(columns, X, groups=group_column)
    estimator = Mixture(**shared)
    weights, begins = _data.weights(sample_weight, len(values)), None
    if groups is not None:
        found = Groups(table[groups] if isinstance(groups, str) else groups, len(values))
        values, begins = values[found.order], found.begins
        weights = None if weights is None else weights[found.order]
    engine_table = _data.table(values, names, weights=weights, weight_kind=estimator.weight_kind, begins=begins)
    rows, best, stopped = _core.select_mixture(engine_table, text, levels, components, criterion, int(folds),
                                               int(bootstrap), estimator.prior, estimator._options(),
                                               groups is not None, group_column or "")
    if best is not None:
        estimator.set_params(n_components=rows[0]["components"], columns=rows[0]["schema"])
    return rows, _taken(estimator, best, names if table.has_names else None, len(names)), stopped
