"""Rows that come in groups, whose rows share their component."""

import numpy as np

from . import _columns, _data
from ._base import RowEstimator
from .exceptions import ArgumentError, DataError

__all__ = ["GroupedRows", "Groups", "column_named"]


def column_named(groups):
    """The name of the column that `groups` is or names, or None."""
    name = groups if isinstance(groups, str) else getattr(groups, "name", None)  # a column of pandas has one
    return name if isinstance(name, str) else None


class Groups:
    """Rows put in order, those of a group together, groups as they first appear.

    >>> groups = Groups(["b", "a", "b", None][:3], 3)
    >>> groups.order.tolist(), groups.begins.tolist()
    ([0, 2, 1], [0, 2, 3])
    >>> np.array([10, 12, 11])[groups.place].tolist()
    [10, 11, 12]
    """

    def __init__(self, groups, rows):
        if np.shape(groups) != (rows,):
            raise ValueError(f"groups must name the group of each of the {rows} rows, got the shape {np.shape(groups)}")
        words, codes = _columns._words(groups)
        if (codes < 0).any():
            raise DataError(f"groups: row {int(np.argmax(codes < 0)) + 1} is missing")
        first = np.unique(codes, return_index=True)[1]
        codes = np.argsort(np.argsort(first))[codes]
        self.order = np.argsort(codes, kind="stable")
        self.place = np.argsort(self.order)  # where the rows of X are among those in order
        self.begins = np.concatenate([[0], np.cumsum(np.bincount(codes, minlength=len(words)))]).astype(np.int64)


class GroupedRows(RowEstimator):
    """Models whose rows may come in groups: what can be asked of them, with `groups` beside X."""

    _routed = {"fit": ("sample_weight", "groups"), "score": ("groups",), "predict": ("groups",),
               "predict_proba": ("groups",)}

    def set_fit_request(self, *, sample_weight="$UNCHANGED$", groups="$UNCHANGED$"):
        """Says what a meta-estimator of scikit-learn passes on to fit (metadata routing)."""
        return self._set_request("fit", sample_weight=sample_weight, groups=groups)

    def set_score_request(self, *, groups="$UNCHANGED$"):
        """The same for score."""
        return self._set_request("score", groups=groups)

    def set_predict_request(self, *, groups="$UNCHANGED$"):
        """The same for predict."""
        return self._set_request("predict", groups=groups)

    def set_predict_proba_request(self, *, groups="$UNCHANGED$"):
        """The same for predict_proba."""
        return self._set_request("predict_proba", groups=groups)

    @property
    def _grouped(self):
        return not self._own and self._engine().kind == "grouped-mixture"

    def _groups_of(self, X, groups, rows):
        """Groups, or None: as given, or the column of X that is named, here or at the fit."""
        fitted = hasattr(self, "_model")
        if fitted and groups is not None and not self._grouped:
            raise ArgumentError("groups: the model was fitted without groups")
        if fitted and groups is None and self._grouped:
            if not self._engine().sequence:
                raise ArgumentError("groups: must be given, as the model was fitted to rows in groups "
                                    "(groups=range(len(X)): each on its own)")
            groups = self._engine().sequence
        if groups is None:
            return None
        return Groups(_columns.Columns(X)[groups] if isinstance(groups, str) else groups, rows)

    def _asked(self, X, groups, sample_weight=None):
        """The engine's table, and where the rows of X are in it."""
        values, names = self._cells(X)
        found = self._groups_of(X, groups, len(values))
        weights = _data.weights(sample_weight, len(values))
        if found is None:
            return _data.table(values, names, weights=weights, weight_kind=self.weight_kind), slice(None)
        weights = None if weights is None else weights[found.order]
        return _data.table(values[found.order], names, weights=weights, weight_kind=self.weight_kind,
                           begins=found.begins), found.place

    def score_samples(self, X, groups=None):
        """log p(x; θ) of each row, in groups given the rows before it in its group. NaN cells are integrated out."""
        model = self._engine()
        table, place = self._asked(X, groups)
        return model.score(table, self._threads())[place]

    def _residuals(self, X, lengths, column, groups=None):
        if lengths is not None:
            raise ArgumentError("lengths: only chains have sequences")
        table, place = self._asked(X, groups)
        return self._pseudo_residuals(table, column)[place]

    def score(self, X, y=None, groups=None):
        """The mean of score_samples(X)."""
        return float(np.mean(self.score_samples(X, groups)))

    def predict_proba(self, X, groups=None):
        """p(component | row), of rows in groups p(component | whole group), rows × components."""
        model = self._engine()
        table, place = self._asked(X, groups)
        return model.responsibilities(table, self._threads())[place]

    def predict(self, X, groups=None):
        """The most probable component of each row, or of its group; −1 where every density is 0."""
        return self._most_probable(self.predict_proba(X, groups))

    def fit_predict(self, X, y=None, sample_weight=None, groups=None):
        """fit(X), then predict(X)."""
        return self.fit(X, y, sample_weight=sample_weight, groups=groups).predict(X, groups)

    def bic(self, X, groups=None):
        """−2 ℓ + p ln n on the rows of X; lower is better."""
        return self._bic(self.score_samples(X, groups))

    def aic(self, X, groups=None):
        """−2 ℓ + 2 p on the rows of X; lower is better."""
        return self._aic(self.score_samples(X, groups))

    def standard_errors(self, X, sample_weight=None, *, groups=None, method="oakes", intervals=None, level=0.95,
                        replicates=200):
        """Standard errors and intervals of the parameters, as of jensen.GaussianMixture."""
        return self._standard_errors(self._asked(X, groups, sample_weight)[0], method, intervals, level, replicates)

    def diagnose(self, X, sample_weight=None, *, groups=None):
        """How the fitted model stands, as of jensen.GaussianMixture."""
        return self._diagnose(self._asked(X, groups, sample_weight)[0])
