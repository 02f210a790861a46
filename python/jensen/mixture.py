"""Mixtures of columns of different kinds."""

import numpy as np

from . import _columns, _core, _data
from ._groups import GroupedRows, Groups, column_named
from ._report import Table
from .exceptions import UnsupportedError
from .family import at_rows, bound_families


class Mixture(GroupedRows):
    """A mixture over a table whose columns are numbers, counts, yes or no, categories, intervals, regressions.

    Within a component columns are independent, but for those that are modelled jointly. NaN and None are missing cells,
    which drop out of their column exactly.

    Parameters
    ----------
    columns : dict or str, default "gaussian"
        From a column, or a tuple of columns that are modelled jointly, to its kind: "gaussian", "categorical",
        "poisson(exposure=days)", … (docs/mixed-data.md); the same as text, ``"age:gaussian, sex:categorical"``; or one
        kind for every column. A kind may be a family of your own (jensen.Family), as may the whole.
    n_components : int, default 1
    gate : sequence of str, default ()
        Columns on which the weights of the components depend.
    tol, max_iter, n_init, init_params, random_state, verbose, verbose_interval, prior, algorithm, acceleration, \
weight_kind, constraints, checkpoint, n_jobs, callback
        As of jensen.GaussianMixture.

    Attributes
    ----------
    weights_ : array
        Of the components; not there with a gate.
    parameters_ : Table
        parameter and value, by name.
    levels_ : dict
        The names of the levels of columns whose cells are words.
    schema_ : str
        What the columns are, with what was left to the data.
    converged_, n_iter_, lower_bound_, n_features_in_, feature_names_in_, report_
        As of jensen.GaussianMixture.

    Components are numbered by the expected value of the first column, ascending; with families of your own they have the
    order of the start.

    Examples
    --------
    >>> import jensen
    >>> table = {
    ...     "height": [1.60, 1.62, 1.58, 1.61, 1.85, 1.88, 1.83, 1.86],
    ...     "sport": ["chess", "chess", None, "chess", "basket", "basket", "basket", "chess"],
    ... }
    >>> mixture = jensen.Mixture({"height": "gaussian", "sport": "categorical"}, n_components=2, random_state=0)
    >>> mixture.fit(table).predict(table).tolist()
    [0, 0, 0, 0, 1, 1, 1, 1]
    >>> mixture.predict({"height": [None], "sport": ["basket"]}).tolist()
    [1]
    """

    _shown = ("weights_", "parameters_", "levels_", "schema_")

    def __init__(self, columns="gaussian", n_components=1, *, gate=(), tol=1e-8, max_iter=5000, n_init="auto",
                 init_params="k-means++", random_state=None, verbose=0, verbose_interval=10, prior="default",
                 algorithm="em", acceleration="auto", weight_kind="frequency", constraints=None, checkpoint=None,
                 n_jobs=None, callback=None):
        self.columns = columns
        self.n_components = n_components
        self.gate = gate
        self.tol = tol
        self.max_iter = max_iter
        self.n_init = n_init
        self.init_params = init_params
        self.random_state = random_state
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

    def fit(self, X, y=None, sample_weight=None, *, labels=None, groups=None):
        """Fits the mixture to a table.

        Parameters
        ----------
        X : data frame (pandas, polars), dict of arrays, pyarrow table, Arrow C stream, structured array, or matrix
            Columns that the schema does not name are not looked at. A matrix has the columns x1, x2, …, or those of the
            schema where there are as many. A sparse matrix of SciPy's is taken for columns of counts and categories, and
            is made dense.
        y : ignored
        sample_weight : array, optional
        labels : array of int, optional
            Known components, −1 where unknown. Components then keep the order of their labels.
        groups : array, or the name of a column of X, optional
            The group of each row: all rows of a group come from one component, and bear the same weight
            (docs/mixed-data.md). predict(X, groups) and the like then answer by group.
        """
        options = self._options()
        known, own = _columns.families_in(self.columns)
        self._own = bool(own)
        if _data.is_sparse(X):
            X = _data.dense_counts(X, _columns.kinds_in(known) if not own else ["families of your own"])
        self._refuse_together(own, groups)
        group_column = column_named(groups)
        if own:
            text, names, levels, values, table, families = _columns.read_with_families(known, own, X)
        else:
            text, names, levels, values, table = _columns.read(self.columns, X, self.gate, group_column)
        _data.matrix(values, least_rows=2)
        parts = {"weights": _data.weights(sample_weight, len(values)),
                 "labels": _data.labels_of(labels, len(values), self.n_components)}
        if groups is not None:
            found = Groups(table[groups] if isinstance(groups, str) else groups, len(values))
            values = values[found.order]
            parts = {name: None if part is None else part[found.order] for name, part in parts.items()}
            parts["begins"] = found.begins
        engine_table = _data.table(values, names, weight_kind=self.weight_kind, states=self.n_components, **parts)
        if own:
            self._families = bound_families(families, values)
            self._held = options.get("constraints", {})
            result = _core.fit_mixture_of_own(engine_table, text, levels, self._families, self.n_components, self.prior,
                                              options, self._progress())
        else:
            result = _core.fit_mixture(engine_table, text, levels, list(self.gate), self.n_components, self.prior,
                                       options, self._progress(), groups is not None, group_column or "")
        _data.check_feature_names(self, names if table.has_names else None, reset=True)
        self.n_features_in_ = len(names)
        return self._finish(*result)

    def _refuse_together(self, own, groups):
        if own and len(self.gate) > 0:
            raise UnsupportedError("gate: is not there for families of your own")
        if groups is not None and own:
            raise UnsupportedError("groups: are not there for families of your own")
        if groups is not None and len(self.gate) > 0:
            raise UnsupportedError("groups: do not go with a gate")

    def _keep(self, model):
        super()._keep(model)
        names, values = model.parameters
        self.parameters_ = Table({"parameter": names, "value": values})
        if not model.gate:
            self.weights_ = values[:model.states].copy()
        self.schema_ = model.schema
        found = {name: model.levels(name) for name in model.columns}
        self.levels_ = {name: levels for name, levels in found.items() if levels}

    def _threads(self):
        # Python runs on one thread at a time.
        return 1 if self._own and self.n_jobs is None else super()._threads()

    def _model_state(self):
        if not self._own:
            return super()._model_state()
        model = self._engine()
        return model.columns, model.schema, self.levels_, np.asarray(model.parameters[1]).tolist()

    def _model_from_state(self, state):
        if not self._own:
            return super()._model_from_state(state)
        columns, schema, levels, values = state
        return _core.mixture_of_own(columns, schema, levels, self._families, self.n_components, values)

    def _objective(self, table, draws=False):
        if not self._own:
            return super()._objective(table, draws)
        families = at_rows(self._families, table.cells(), draws)
        _, schema, levels, values = self._model_state()
        model = _core.mixture_of_own_at(table, schema, levels, families, self.n_components, self.prior, values)
        return model.with_constraints(self._held), families

    def _cells(self, X):
        """The columns that the model reads, as a matrix, and their names."""
        model = self._engine()
        table = _columns.Columns(_data.dense_counts(X, [kind for kind, _ in model.kinds]))
        names = model.columns
        if not table.has_names:
            if len(table.names) != len(names):
                raise ValueError(f"X has {len(table.names)} features, but {type(self).__name__} is expecting "
                                 f"{len(names)} features as input.")
            table._columns = {name: table[own] for name, own in zip(names, table.names)}
            table.names = names
        return table.matrix(names, self.levels_), names

    def _named(self, values):
        """A Table with words for the numbers of levels."""
        columns = {}
        for j, name in enumerate(self._engine().columns):
            levels = self.levels_.get(name)
            column = values[:, j]
            if levels:
                words = np.array([*levels, None], dtype=object)
                column = words[np.where(np.isnan(column), len(levels), column).astype(int)]
            columns[name] = column
        return Table(columns)

    def sample(self, n_samples=1):
        """Draws rows; of a model of groups, those of one group.

        Returns
        -------
        X : Table
        y : array, the component of each row
        """
        model = self._engine()
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        given = model.given_columns()
        if given:
            raise UnsupportedError(
                f"sample: the model says what happens given {', '.join(given)}, not how often that is")
        X, y = model.sample(int(n_samples), _data.seed_of(self.random_state))
        return self._named(X), y.astype(np.intp)

    def impute(self, X, groups=None):
        """X with missing cells at what is expected there given the row's other cells: the mean, or the most probable
        level."""
        model = self._engine()
        table, place = self._asked(X, groups)
        return self._named(model.impute(table, self._threads())[place])

    @classmethod
    def _from_model(cls, model):
        fit = model.fit
        estimator = cls(model.schema, model.states, gate=tuple(model.gate), prior=fit["prior"] if fit else "default")
        estimator._keep(model)
        estimator.n_features_in_ = len(model.columns)
        estimator.feature_names_in_ = np.asarray(model.columns, dtype=object)
        estimator._summarized(model)
        if fit:
            estimator.lower_bound_ = fit["log_likelihood"] / fit["observations"]
        return estimator
