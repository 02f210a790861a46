"""What all estimators share: scikit-learn's conventions, without needing scikit-learn."""

import html
import inspect
import warnings

import numpy as np

from . import _core, _data
from ._report import Diagnosis, Report, Table
from .exceptions import ArgumentError, ConvergenceWarning, DegenerateComponentWarning, NotFittedError, UnsupportedError, as_known

# Names of scikit-learn's and our own, as the engine calls them.
STARTS = {
    "kmeans": "k-means++",
    "k-means++": "k-means++",
    "random": "random",
    "hierarchical": "hierarchical",
    "short-runs": "short-runs",
    "annealed": "annealed",
}


def progress_bar(delay=1.0):
    """What shows a fit that takes longer than `delay` seconds as a bar of tqdm's; None where tqdm is not installed."""
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    bar = tqdm(desc="jensen", unit=" iterations", delay=delay)

    def called(restart, restarts, iteration, log_likelihood, remaining):
        bar.set_postfix_str(f"start {restart + 1}/{restarts}, log-likelihood {log_likelihood:.6g}, still to gain about "
                            f"{remaining:.2g}", refresh=False)
        bar.update()

    return called  # the bar closes as it goes


def constraint_texts(constraints):
    """The engine's lists of texts from what a user writes.

    >>> constraint_texts({"fix": {"weight[0]": 0.5}, "bound": {"mean[*,0]": (0, None)}, "tie": [["a", "b"]]})
    {'fix': ['weight[0]=0.5'], 'bound': ['mean[*,0]=0.0..'], 'tie': ['a,b']}
    """
    if not constraints:
        return {}
    if not isinstance(constraints, dict) or not set(constraints) <= {"fix", "tie", "bound", "order"}:
        raise ArgumentError(f"constraints: must be a dictionary of fix, tie, bound and order, got {constraints!r}")

    def end(value):
        return "" if value is None or np.isinf(value) else repr(float(value))

    def text(kind, one):
        if isinstance(one, str):
            return one
        if kind in ("tie", "order"):
            return ("," if kind == "tie" else "<").join(one)
        name, value = one
        if kind == "fix":
            return name if value is None else f"{name}={float(value)!r}"
        return f"{name}={end(value[0])}..{end(value[1])}"

    def entries(kind, listed):
        if isinstance(listed, str):
            return [listed]
        return list(listed.items()) if isinstance(listed, dict) else list(listed)

    return {kind: [text(kind, one) for one in entries(kind, listed)] for kind, listed in constraints.items()}


class Estimator:
    """Parameters by name, model files, pickles, and what scikit-learn asks of an estimator."""

    @classmethod
    def _parameter_names(cls):
        return [name for name in inspect.signature(cls.__init__).parameters if name != "self"]

    @classmethod
    def _get_param_names(cls):
        return sorted(cls._parameter_names())

    def get_params(self, deep=True):
        """The constructor's arguments by name."""
        return {name: getattr(self, name) for name in self._parameter_names()}

    def set_params(self, **params):
        """Sets arguments of the constructor; returns self."""
        valid = self._parameter_names()
        for name, value in params.items():
            if name not in valid:
                raise ValueError(f"Invalid parameter {name!r} for estimator {self}. Valid parameters are: {valid!r}.")
            setattr(self, name, value)
        return self

    def _changed_parameters(self):
        defaults = inspect.signature(type(self).__init__).parameters
        for name, value in self.get_params().items():
            default = defaults[name].default
            if type(value) is type(default) and np.array_equal(value, default):
                continue
            yield name, value

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self._changed_parameters())})"

    def _repr_html_(self):
        parts = [f"<p><code>{html.escape(repr(self))}</code></p>"]
        report = getattr(self, "report_", None)
        if report is not None:
            parts.append(report._repr_html_())
        if hasattr(self, "_model"):
            names, values = self._engine().parameters
            table = Table({"parameter": names, "value": values})._repr_html_()
            parts.append(f"<details><summary>{len(names)} parameters</summary>{table}</details>")
        return "".join(parts)

    # scikit-learn's side ---------------------------------------------------------------------------------------------

    def __sklearn_tags__(self):
        from sklearn.utils import InputTags, Tags, TargetTags

        return Tags(
            estimator_type="density_estimator",
            target_tags=TargetTags(required=False),
            input_tags=InputTags(allow_nan=True),
        )

    def __sklearn_is_fitted__(self):
        return hasattr(self, "_model")

    _routed = {"fit": ("sample_weight",)}  # what meta-estimators of scikit-learn may pass on, by method

    def _set_request(self, method, **requested):
        requests = self.get_metadata_routing()
        for name, alias in requested.items():
            if alias != "$UNCHANGED$":
                getattr(requests, method).add_request(param=name, alias=alias)
        self._metadata_request = requests
        return self

    def set_fit_request(self, *, sample_weight="$UNCHANGED$"):
        """Says whether a meta-estimator of scikit-learn passes `sample_weight` on to fit (metadata routing)."""
        return self._set_request("fit", sample_weight=sample_weight)

    def get_metadata_routing(self):
        """What this estimator asks scikit-learn's metadata routing for."""
        import copy

        from sklearn.utils.metadata_routing import MetadataRequest

        if hasattr(self, "_metadata_request"):
            return copy.deepcopy(self._metadata_request)
        requests = MetadataRequest(owner=self)
        for method, names in self._routed.items():
            for name in names:
                getattr(requests, method).add_request(param=name, alias=None)
        return requests

    # The fitted model ------------------------------------------------------------------------------------------------

    def _engine(self):
        if not hasattr(self, "_model"):
            raise as_known(NotFittedError)(
                f"This {type(self).__name__} instance is not fitted yet. Call 'fit' with appropriate arguments before "
                "using this estimator."
            )
        return self._model

    def _keep(self, model):
        """Takes a model and sets the attributes that show it."""
        self._model = model

    def _model_state(self):
        """The model as bytes that __setstate__ can read: the text of a model file, unless a class knows better."""
        return self._engine().text()

    def _model_from_state(self, state):
        return _core.Model.parse(state)

    def __getstate__(self):
        state = dict(self.__dict__)
        if hasattr(self, "_model"):
            state["_model"] = self._model_state()
            for name in self._shown:
                state.pop(name, None)
        return state

    def __setstate__(self, state):
        state = dict(state)
        text = state.pop("_model", None)
        self.__dict__.update(state)
        if text is not None:
            self._keep(self._model_from_state(text))

    _shown = ()  # attributes that follow from the model
    _own = False  # whether the model is one of the user's own

    def save(self, path):
        """Writes the fitted model to a file that ``jensen.load`` and the command-line tool read."""
        if self._own:
            raise UnsupportedError(f"save: {type(self).__name__} is made of Python code, which no model file holds: pickle it")
        self._engine().save(str(path))

    # Fits ------------------------------------------------------------------------------------------------------------

    def _threads(self):
        jobs = self.n_jobs
        if jobs is None or jobs == -1:
            return 0
        if jobs < 1:
            raise ValueError(f"n_jobs must be None, -1 or ≥ 1, got {jobs}")
        return int(jobs)

    def _options(self):
        if not isinstance(self.n_components, (int, np.integer)) or self.n_components < 1:
            raise ArgumentError(f"n_components: must be an integer ≥ 1, got {self.n_components!r}")
        if self.init_params not in STARTS:
            raise ArgumentError(f"init_params: {self.init_params!r} is none of {', '.join(STARTS)}")
        starts = self.n_init
        if starts == "auto":
            starts = 1 if self.init_params == "hierarchical" else 10
        return self._engine_options(int(starts))

    def _engine_options(self, starts):
        if self.verbose_interval < 1:
            raise ArgumentError(f"verbose_interval: must be ≥ 1, got {self.verbose_interval!r}")
        options = {
            "start": STARTS.get(self.init_params, self.init_params), "restarts": starts,
            "tolerance": float(self.tol), "max_iterations": int(self.max_iter),
            "seed": _data.seed_of(self.random_state), "threads": self._threads(), "algorithm": self.algorithm,
        }
        if self.acceleration != "auto":
            options["acceleration"] = self.acceleration
        constraints = constraint_texts(getattr(self, "constraints", None))
        if constraints:
            options["constraints"] = constraints
        if getattr(self, "checkpoint", None) is not None:
            options.update(checkpoint=str(self.checkpoint), resume=True)
        return options

    def _progress(self):
        """What the engine calls back, or None."""
        if not self.verbose and self.callback is None:
            return None
        bar = progress_bar() if self.verbose == "bar" else None

        def called(restart, restarts, iteration, log_likelihood, objective, gain, remaining, seconds):
            if bar is not None:
                bar(restart, restarts, iteration, log_likelihood, remaining)
            elif self.verbose and iteration % self.verbose_interval == 0:
                print(f"start {restart + 1}/{restarts}, iteration {iteration}, log-likelihood {log_likelihood:.6f}, "
                      f"gain {gain:.3g}, {seconds:.2f} s", flush=True)
            if self.callback is None:
                return False
            return self.callback({
                "start": restart, "starts": restarts, "iteration": iteration, "log_likelihood": log_likelihood,
                "objective": objective, "gain": gain, "remaining": remaining, "seconds": seconds,
            })

        return called

    def _finish(self, model, fields, interrupted):
        """Takes what a fit returned; warns where it is not what was asked for."""
        self._keep(model)
        report = Report(fields)
        self.report_ = report
        self.converged_ = report.converged
        self.n_iter_ = report.iterations
        if interrupted:
            warnings.warn(as_known(ConvergenceWarning)(
                f"the fit was ended by Ctrl-C; the model is the best so far: {report.message}"), stacklevel=3)
        elif report.outcome not in ("converged", "completed"):
            warnings.warn(as_known(ConvergenceWarning)(
                f"{report.message} ({report.outcome}). Best performing initialization did not converge. Try different "
                "init parameters, or increase max_iter, tol, or check for degenerate data."), stacklevel=3)
        if report.degeneracies:
            listing = "; ".join(f"component {d['component']}: {d['reason']}" for d in report.degeneracies)
            warnings.warn(DegenerateComponentWarning(
                f"{listing}. Fewer components, a simpler covariance or prior='default' avoid it."), stacklevel=3)
        return self

    # At a fit ----------------------------------------------------------------------------------------------------------

    def _objective(self, table, draws=False):
        """The model as its fit to the rows of the table knew it, and what has to stay alive while it is used; draws:
        whether models will be fitted to rows that it draws."""
        return self._engine(), None

    def _standard_errors(self, table, method, intervals, level, replicates):
        seed = _data.seed_of(self.random_state if self.random_state is not None else 0)
        model, _kept = self._objective(table, draws=method == "bootstrap")
        return _uncertainty_table(model.standard_errors(table, method, intervals, float(level), int(replicates), seed,
                                                        self._threads(), self._own))

    def _diagnose(self, table):
        model, _kept = self._objective(table)
        return Diagnosis(model.diagnose(table, self._threads(), self._own))

    def _pseudo_residuals(self, table, column):
        if self._own:
            raise UnsupportedError("residuals: what is written in Python has no distribution function")
        model = self._engine()
        if isinstance(column, str) and column in model.columns:
            column = model.columns.index(column)
        if not isinstance(column, (int, np.integer)) or not 0 <= column < len(model.columns):
            raise ArgumentError(f"column: must be one of 0 … {len(model.columns) - 1}, or of "
                                f"{', '.join(model.columns)}, got {column!r}")
        return _core.pseudo_residuals(model, table, int(column), self._threads())

    def _summarized(self, model):
        """The attributes of a fit that a model file keeps."""
        fit = model.fit
        if fit is None:
            return
        self.report_ = Report(fit)
        self.converged_ = self.report_.converged
        self.n_iter_ = self.report_.iterations


def _uncertainty_table(fields):
    """Standard errors as a Table; what is said of all of them at once are its attributes."""
    table = Table(fields.pop("table"))
    for name, value in fields.items():
        setattr(table, name, value)
    return table


class RowEstimator(Estimator):
    """Models of independent rows: what can be asked of a fitted one."""

    def _finish(self, model, fields, interrupted):
        super()._finish(model, fields, interrupted)
        self.lower_bound_ = fields["log_likelihood"] / fields["total_weight"]
        return self

    def _rows(self, X, sample_weight=None):
        """The matrix X as the engine's table, in the columns of the fit."""
        self._engine()
        X = _data.from_stream(X)
        names = _data.columns_of(X)
        _data.check_feature_names(self, names, reset=False)
        values = _data.matrix(X)
        if values.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {values.shape[1]} features, but {type(self).__name__} is expecting "
                             f"{self.n_features_in_} features as input.")
        return _data.table(values, names, weights=_data.weights(sample_weight, len(values)),
                           weight_kind=self.weight_kind)

    def score_samples(self, X):
        """log p(x; θ) of each row. NaN cells are integrated out."""
        model = self._engine()
        return model.score(self._rows(X), self._threads())

    def _residuals(self, X, lengths, column):
        if lengths is not None:
            raise ArgumentError("lengths: only chains have sequences")
        return self._pseudo_residuals(self._rows(X), column)

    def score(self, X, y=None):
        """The mean of score_samples(X)."""
        return float(np.mean(self.score_samples(X)))

    def predict_proba(self, X):
        """p(component | row), rows × components."""
        model = self._engine()
        return model.responsibilities(self._rows(X), self._threads())

    @staticmethod
    def _most_probable(probabilities):
        best = np.argmax(probabilities, axis=1)
        return np.where(probabilities[np.arange(len(best)), best] > 0, best, -1)

    def predict(self, X):
        """The most probable component of each row; −1 where every density is 0."""
        return self._most_probable(self.predict_proba(X))

    def fit_predict(self, X, y=None, sample_weight=None):
        """fit(X), then predict(X)."""
        return self.fit(X, y, sample_weight=sample_weight).predict(X)

    def bic(self, X):
        """−2 ℓ + p ln n on the rows of X; lower is better."""
        return self._bic(self.score_samples(X))

    def aic(self, X):
        """−2 ℓ + 2 p on the rows of X; lower is better."""
        return self._aic(self.score_samples(X))

    def _bic(self, scores):
        return float(-2 * scores.sum() + self._engine().free_parameters * np.log(len(scores)))

    def _aic(self, scores):
        return float(-2 * scores.sum() + 2 * self._engine().free_parameters)

    def standard_errors(self, X, sample_weight=None, *, method="oakes", intervals=None, level=0.95, replicates=200):
        """Standard errors and intervals of the parameters at the fitted model, which should be a fit to these rows.

        Parameters
        ----------
        method : {"oakes", "louis", "supplemented", "sandwich", "bootstrap", "weighted-bootstrap"}
        intervals : {"wald", "profile", "percentile"}, default: percentile for bootstraps, else wald
        level : float
        replicates : int
            Of a bootstrap.

        Returns
        -------
        Table
            parameter, estimate, standard_error, lower, upper; `not_available` says why there is none.
        """
        return self._standard_errors(self._rows(X, sample_weight), method, intervals, level, replicates)

    def diagnose(self, X, sample_weight=None):
        """How the fitted model stands, which should be a fit to these rows: how fast EM goes there, what the unseen
        costs, how well the data determine each parameter.

        Returns
        -------
        Diagnosis
        """
        return self._diagnose(self._rows(X, sample_weight))
