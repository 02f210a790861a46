"""What models of your own have in common: parameters, fits, samples, pickles."""

import numpy as np

from . import _data
from ._base import RowEstimator
from ._report import Table
from .exceptions import ArgumentError
from .parameters import Layout, checked, overrides


class OwnModel(RowEstimator):
    """What both kinds share."""

    #: Name → one of jensen.parameters.
    parameters = {}
    #: K where one of K states is behind each row.
    states = 0
    #: Whether the units are sequences of rows, not rows.
    sequential = False

    _shown = ("theta_", "parameters_")
    _own = True
    _layout_of = None

    def log_prior(self, theta):
        """log p(θ), which is added to the objective."""
        return 0.0

    def draw(self, theta, generator):
        """(z, row), drawn with NumPy's generator."""
        raise NotImplementedError

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = getattr(self, "accept_missing", True)  # an E-step may do what it likes
        return tags

    def _layout(self):
        if self._layout_of is None:
            self._layout_of = Layout(self.parameters)
        return self._layout_of

    def _theta(self, values):
        return self._layout().theta(values)

    @property
    def _samples(self):
        return overrides(self, OwnModel, "draw")

    @property
    def _has_prior(self):
        return overrides(self, OwnModel, "log_prior")

    def _functions(self):
        """The class's functions as the engine calls them: as they are at the fit. The engine refers to them weakly."""
        functions = object.__new__(type(self))
        functions.__dict__.update({name: value for name, value in self.__dict__.items()
                                   if name not in (*self._shown, *self._not_kept, "report_", "callback")})
        return functions

    _not_kept = ("_model", "_called", "_layout_of")

    def _name(self, function):
        return f"{type(self).__name__}.{function}"

    # What the engine calls -------------------------------------------------------------------------------------------

    def _log_joint(self, X, values):
        """In column-major order, as the engine's panels are."""
        panel = checked(self.log_joint(X, self._theta(values)), (len(X), self.states), self._name("log_joint"))
        return np.ascontiguousarray(panel.T)

    def _log_prior(self, values):
        return float(self.log_prior(self._theta(values)))

    def _sample(self, values, seed):
        state, row = self.draw(self._theta(values), np.random.default_rng(seed))
        return np.concatenate([[float(state)], np.atleast_1d(np.asarray(row, dtype=np.float64))])

    # Fits ------------------------------------------------------------------------------------------------------------

    def _threads(self):
        # Python runs on one thread at a time.
        return 1 if self.n_jobs is None else super()._threads()

    def _model_options(self):
        starts = self.n_init
        if starts == "auto":
            starts = 10 if self.init_params in ("k-means++", "random", "short-runs", "annealed") else 1
        options = self._engine_options(int(starts))
        if self.init_params != "given" and self.states < 1:
            raise ArgumentError(f"init_params: {self.init_params!r} starts from states; the class has none")
        return options

    def fit(self, X, y=None, sample_weight=None, *, labels=None):
        """Fits the model to rows; NaN is a missing cell.

        Parameters
        ----------
        X : array or data frame, rows × columns
        y : ignored
        sample_weight : array, optional
        labels : array of int, optional
            Known states, −1 where unknown.
        """
        return self._fit(X, sample_weight, labels)

    def _fit(self, X, sample_weight, labels=None, lengths=None):
        options = self._model_options()
        self._held = options.get("constraints", {})
        X = _data.from_stream(X)
        names = _data.columns_of(X)
        values = _data.matrix(X, least_rows=1)
        if labels is not None and self.states < 1:
            raise ArgumentError("labels: name states; the class has none")
        parts = {} if labels is None else {
            "labels": _data.labels_of(labels, len(values), self.states), "states": self.states}
        table = _data.table(values, names, weight_kind=self.weight_kind, **parts,
                            **self._units(len(values), sample_weight, lengths))
        result = self._fit_engine(table, np.array(values, dtype=np.float64), options)
        _data.check_feature_names(self, names, reset=True)
        self.n_features_in_ = values.shape[1]
        return self._finish(*result)

    def _units(self, rows, sample_weight, lengths):
        """Weights, and where sequences begin if the units are sequences."""
        if not self.sequential:
            if lengths is not None:
                raise ArgumentError(f"lengths: {type(self).__name__} is of rows: say sequential = True, and have expect take a "
                                    "whole sequence")
            return {"weights": _data.weights(sample_weight, rows)}
        begins = _data.lengths_to_begins(lengths, rows)
        weights = _data.weights(sample_weight, len(begins) - 1)
        return {"begins": begins, "weights": None if weights is None else np.repeat(weights, np.diff(begins))}

    def _keep(self, model):
        super()._keep(model)
        names, values = model.parameters
        self.parameters_ = Table({"parameter": names, "value": values})
        self.theta_ = self._theta(np.array(values))

    def sample(self, n_samples=1):
        """Draws rows and their states, by the class's ``draw``."""
        model = self._engine()
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        X, z = model.sample(int(n_samples), _data.seed_of(self.random_state))
        return X, z.astype(np.intp)

    def __getstate__(self):
        state = {name: value for name, value in self.__dict__.items()
                 if name not in (*self._shown, *self._not_kept)}
        if hasattr(self, "_model"):
            model = self._engine()
            state["_of_model"] = (model.columns, np.asarray(model.parameters[1]).tolist())
        return state

    def __setstate__(self, state):
        state = dict(state)
        of_model = state.pop("_of_model", None)
        self.__dict__.update(state)
        if of_model is not None:
            self._keep(self._made(*of_model).with_constraints(self._held))
