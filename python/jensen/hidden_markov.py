"""Hidden Markov models, with the interface of hmmlearn's where it has one."""

import numpy as np

from . import _columns, _core, _data, _sequence_columns
from ._base import Estimator
from ._report import Table
from .exceptions import ArgumentError, UnsupportedError
from .family import Family, at_rows, bound_families
from .gaussian_mixture import _from_matrices, _structure


class HiddenMarkov(Estimator):
    """Sequences of rows whose distribution depends on a hidden state that follows a Markov chain.

    NaN is a missing cell; a row without any observed cell is a gap in its sequence.

    Parameters
    ----------
    emissions : str or Family, default "gaussian"
        The distribution of a row given its state: "gaussian" over all columns, or a kind that holds for each column:
        "poisson", "gamma", "categorical", … (docs/mixed-data.md); or a family of your own (jensen.Family). Or by the
        names of columns: a dictionary or a schema as of jensen.Mixture, ``{"count": "poisson", "place":
        "categorical"}``, or a regression in each state, "y ~ lag(y) + x", where lag(y) is y in the row before
        (docs/hidden-markov.md).
    family : {"gaussian", "poisson", "binomial", "gamma"}, default "gaussian"
        Of the response of a regression.
    n_components : int, default 1
        The number of states; with clusters, of each cluster.
    clusters : int, default 1
        Sequences belong to so many clusters, each a hidden Markov model with states of its own (a mixture of hidden
        Markov models). State k of cluster c has number c * n_components + k everywhere.
    covariance_type : {"full", "tied", "diag", "spherical"} or mclust's three letters, default "full"
        Of Gaussian emissions.
    transitions : {"full", "left-right", "banded", "banded:WIDTH"}, default "full"
        Which states may follow which: any; the same or the next; those at most WIDTH (1) apart.
    initial : {"free", "uniform", "stationary"}, default "free"
        Where sequences begin: estimated; every state alike; the long run of the transitions.
    pseudo_count : float, default 0
        Added to every count of first states and transitions.
    transition_inputs : sequence of int, default ()
        Columns of X on which the transitions depend, by a multinomial logit; the states do not explain them. The move
        into a row depends on the inputs of that row (docs/hidden-markov.md).
    initial_inputs : sequence of int, default ()
        Columns of X on whose first row in a sequence its first state depends, by a multinomial logit; the states do not
        explain them.
    time : int, optional
        The column of X that says when each row was seen: the states are those of a process in continuous time.
    durations : {"poisson", "negative-binomial", "geometric", "free"}, optional
        The family of the lengths of stays (a hidden semi-Markov model); without it they are what transitions give.
        transmat_ then holds the probabilities of the state that follows, zero for the same.
    max_duration : int, optional
        With durations: no stay is longer; by default twice the longest sequence, at most 1000. Said for "free".
    memory : {"all", "checkpoints"}, default "all"
        What an E-step, `score` and `decode` keep of a sequence of T rows: T x K numbers; or K numbers for each 64 to 512
        rows, where densities are computed twice. Results are the same.
    start : HiddenMarkov or dict, optional
        Where the fit begins: a model, or values by the names of parameters (``{"transition[0,0]": 0.9, …}``, as in
        parameters_); what is not named comes from `init_params`.
    tol, max_iter, n_init, init_params, random_state, verbose, verbose_interval, prior, algorithm, acceleration, \
constraints, checkpoint, n_jobs, callback
        As of jensen.GaussianMixture.

    Attributes
    ----------
    startprob_, transmat_ : arrays
        Over the states of all clusters. transmat_ is None where transitions differ from row to row, startprob_ where the
        first state depends on inputs: parameters_ has what they follow from.
    cluster_weights_ : array
        The share of the sequences in each cluster, the largest first.
    means_, covariances_, covars_ : arrays
        Of Gaussian emissions; covars_ holds a matrix for each state, as hmmlearn's does.
    parameters_ : Table
        parameter and value, by name, whatever the emissions.
    converged_, n_iter_, n_features_in_, report_
        As of jensen.GaussianMixture.

    Examples
    --------
    >>> import numpy as np, jensen
    >>> rng = np.random.default_rng(0)
    >>> states = np.repeat([0, 1, 0, 1], 50)
    >>> X = (5 * states + rng.normal(size=200))[:, None]
    >>> chain = jensen.HiddenMarkov("gaussian", n_components=2, random_state=0).fit(X, lengths=[100, 100])
    >>> bool(np.mean(chain.predict(X, [100, 100]) == (states if chain.means_[0] < 2 else 1 - states)) > 0.95)
    True
    >>> chain.transmat_.shape
    (2, 2)
    """

    _shown = ("startprob_", "transmat_", "cluster_weights_", "means_", "covariances_", "covars_", "parameters_")

    def __init__(self, emissions="gaussian", n_components=1, *, clusters=1, family="gaussian", covariance_type="full",
                 transitions="full", initial="free", pseudo_count=0.0, transition_inputs=(), initial_inputs=(),
                 time=None, durations=None, max_duration=None, memory="all", start=None, tol=1e-8, max_iter=5000, n_init="auto",
                 init_params="k-means++", random_state=None, verbose=0, verbose_interval=10, prior="default",
                 algorithm="em", acceleration="auto", constraints=None, checkpoint=None, n_jobs=None, callback=None):
        self.emissions = emissions
        self.n_components = n_components
        self.clusters = clusters
        self.family = family
        self.covariance_type = covariance_type
        self.transitions = transitions
        self.initial = initial
        self.pseudo_count = pseudo_count
        self.transition_inputs = transition_inputs
        self.initial_inputs = initial_inputs
        self.time = time
        self.durations = durations
        self.max_duration = max_duration
        self.memory = memory
        self.start = start
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
        self.constraints = constraints
        self.checkpoint = checkpoint
        self.n_jobs = n_jobs
        self.callback = callback

    @property
    def _by_name(self):
        return _sequence_columns.are_named(self.emissions)

    def _schema(self, columns):
        if self._by_name:
            return self._text
        if not isinstance(self.emissions, str):
            raise ArgumentError(f"emissions: must be a kind of distribution, got {self.emissions!r}")
        names = [f"x{j + 1}" for j in range(columns) if j not in self._given(columns)]
        if self.emissions == "gaussian":
            return f"{' + '.join(names)}:gaussian({_structure(self.covariance_type)})"
        if self.covariance_type != "full":
            raise ArgumentError("covariance_type: does not apply to emissions that are not Gaussian")
        return ", ".join(f"{name}:{self.emissions}" for name in names)

    def _levels(self):
        """The names of the levels of columns whose cells are words."""
        return self._words if self._by_name else {}

    def _given(self, columns):
        """Columns of X that the chain reads and the states do not explain."""
        read = {"time": [] if self.time is None else [self.time], "transition_inputs": list(self.transition_inputs),
                "initial_inputs": list(self.initial_inputs)}
        for name, given in read.items():
            if given and name != "time" and self.time is not None:
                raise ArgumentError(f"time: does not go with {name}")
            if given and (self._own or self._by_name):
                raise UnsupportedError(f"{name}: not with families of your own, nor where columns have names")
            for j in given:
                if not isinstance(j, (int, np.integer)) or not 0 <= j < columns:
                    raise ArgumentError(f"{name}: must be columns of X, 0 to {columns - 1}, got {j!r}")
        moves = read["time"] + read["transition_inputs"]
        return moves + [j for j in read["initial_inputs"] if j not in moves]

    def _order(self, columns):
        """The columns of X as the engine reads them: what the chain reads comes last."""
        given = self._given(columns)
        return [j for j in range(columns) if j not in given] + given

    def fit(self, X, lengths=None, sample_weight=None, *, labels=None):
        """Fits the model.

        Parameters
        ----------
        X : matrix, or where columns have names a table
            The rows of all sequences, one sequence after the other.
        lengths : array of int, optional
            The rows of each sequence; without it all rows are one.
        sample_weight : array, optional
            One weight by sequence.
        labels : array of int, optional
            Known states, one by row, −1 where unknown.
        """
        options = self._options()
        if self.family != "gaussian" and not (isinstance(self.emissions, str) and "~" in self.emissions):
            raise ArgumentError("family: is that of a regression, 'y ~ …'")
        values, engine_names, names = self._read_by_name(X) if self._by_name else self._read(X)
        _data.matrix(values, least_rows=2)
        begins = _data.lengths_to_begins(lengths, len(values))
        weights = _data.weights(sample_weight, len(begins) - 1)
        if weights is not None:
            weights = np.repeat(weights, np.diff(begins))
        table = _data.table(values, engine_names, weights=weights, begins=begins,
                            labels=_data.labels_of(labels, len(values), self.n_components), states=self.n_components)
        result = self._fit(_core.lagged(table, self._text) if self._by_name else table, values, options)
        _data.check_feature_names(self, names, reset=True)
        self.n_features_in_ = sum(not _core.lag_of(name) for name in engine_names)
        return self._finish(*result)

    def _read(self, X):
        """The matrix X in the engine's order of columns, the engine's names for them, and their own."""
        X = _data.from_stream(X)
        if _data.is_sparse(X):
            X = _data.dense_counts(X, ["families of your own"] if self._own else _columns.kinds_in(self.emissions))
        values = _data.matrix(X)
        order = self._order(values.shape[1])
        return (values[:, order] if self._given(len(order)) else values, [f"x{j + 1}" for j in order],
                _data.columns_of(X))

    def _read_by_name(self, X):
        table = _sequence_columns.SequenceColumns(X)
        if self.covariance_type != "full":
            raise ArgumentError("covariance_type: is said with the kind where columns have names: "
                                "'a + b:gaussian(tied)'")
        self._text = _sequence_columns.schema_of(self.emissions, self.family, table.names)
        engine_names, level_columns, binary = _core.schema_columns(self._text, [])
        seen = table.call(engine_names)
        self._words = _columns.levels_for(table, level_columns, binary)
        self._given(len(engine_names))
        return table.matrix(engine_names, self._words), engine_names, seen if table.has_names else None

    def _fit(self, table, values, options):
        if (self.durations, self.max_duration) != (None, None) and (self._own or self.start is not None):
            raise UnsupportedError("durations: do not go with a start or with a family of your own")
        if self.clusters != 1 and (self._own or self.start is not None):
            raise UnsupportedError("clusters: do not go with a start or with a family of your own")
        if self._own:
            if self.start is not None:
                raise UnsupportedError("start: a family of your own begins at the values that it declares")
            columns = list(range(values.shape[1]))
            self._families = bound_families([((), columns, self.emissions, False)], values)
            self._held = options.get("constraints", {})
            return _core.fit_hidden_markov_of_own(table, self._families, self.n_components, self.transitions,
                                                  self.initial, float(self.pseudo_count), options, self._progress(),
                                                  self.memory)
        if self.start is not None:
            count = float(self.pseudo_count)
            return _core.fit_hidden_markov_from(table, self._given_start(table, values.shape[1], options), self.prior,
                                                count, count, False, False,
                                                {**options, "start": "given", "restarts": 1}, self._progress(),
                                                self.memory)
        return _core.fit_hidden_markov(table, self._schema(values.shape[1]), self._levels(), self.n_components,
                                       self.transitions, self.initial, float(self.pseudo_count), self.prior, options,
                                       self._progress(),
                                       *self._chain_columns(values.shape[1]), self.durations or "",
                                       int(self.max_duration or 0), int(self.clusters), self.memory,
                                       self._initial_columns())

    def _chain_columns(self, columns):
        self._given(columns)
        return [f"x{j + 1}" for j in self.transition_inputs], "" if self.time is None else f"x{self.time + 1}"

    def _initial_columns(self):
        return [f"x{j + 1}" for j in self.initial_inputs]

    def _given_start(self, table, columns, options):
        if isinstance(self.start, HiddenMarkov):
            model = self.start._engine()
            if (model.states, len(model.columns)) != (self.n_components, columns):
                raise ArgumentError(f"start: has {model.states} states over {len(model.columns)} columns, but "
                                    f"{self.n_components} over {columns} are to be fitted")
            return model
        if not isinstance(self.start, dict):
            raise ArgumentError(f"start: must be a HiddenMarkov or a dictionary of parameters, got {self.start!r}")
        begun = _core.fit_hidden_markov(
            table, self._schema(columns), self._levels(), self.n_components, self.transitions, self.initial,
            float(self.pseudo_count), self.prior,
            {"start": options["start"], "seed": options["seed"], "max_iterations": 0}, None,
            *self._chain_columns(columns), initial_inputs=self._initial_columns())[0]
        names, values = begun.parameters
        unknown = set(self.start) - set(names)
        if unknown:
            raise ArgumentError(f"start: {sorted(unknown)} are no parameters; there are {', '.join(names)}")
        return begun.with_parameters([float(self.start.get(name, value)) for name, value in zip(names, values)])

    @property
    def _own(self):
        return isinstance(self.emissions, Family)

    def _threads(self):
        # Python runs on one thread at a time.
        return 1 if self._own and self.n_jobs is None else super()._threads()

    def _model_state(self):
        if not self._own:
            return super()._model_state()
        model = self._engine()
        return model.columns, np.asarray(model.parameters[1]).tolist()

    def _model_from_state(self, state):
        if not self._own:
            return super()._model_from_state(state)
        columns, values = state
        return _core.hidden_markov_of_own(columns, self._families, self.n_components, self.transitions, self.initial,
                                          float(self.pseudo_count), values)

    def _objective(self, table, draws=False):
        if not self._own:
            return super()._objective(table, draws)
        families = at_rows(self._families, table.cells(), draws)
        model = _core.hidden_markov_of_own_at(table, families, self.n_components, self.transitions, self.initial,
                                              float(self.pseudo_count), self._model_state()[1])
        return model.with_constraints(self._held), families

    def _keep(self, model):
        super()._keep(model)
        self.startprob_, self.transmat_ = _core.hidden_markov_chain(model)
        self.cluster_weights_ = _core.hidden_markov_cluster_weights(model)
        names, values = model.parameters
        self.parameters_ = Table({"parameter": names, "value": values})
        gaussians = _core.hidden_markov_gaussians(model)
        if gaussians is not None:
            self.means_ = gaussians[0]
            self.covars_ = gaussians[1]
            self.covariances_ = gaussians[1] if self._by_name else _from_matrices(
                gaussians[1], _structure(self.covariance_type))

    @classmethod
    def _from_model(cls, model):
        kinds, columns = set(model.kinds), len(model.columns) - len(model.gate)
        kind, options = model.kinds[0]
        parts = 1 if kind == "gaussian" else columns
        if model.columns[columns:] != list(model.gate):
            raise UnsupportedError(
                "a hidden Markov model whose chain reads what its states explain has no estimator in Python")
        by_name = len(kinds) != 1 or len(model.kinds) != parts
        if by_name and model.gate:
            raise UnsupportedError(
                "a hidden Markov model of columns of different kinds whose chain reads others has no estimator in Python")
        fit = model.fit
        structure = options or "full" if kind == "gaussian" and not by_name else "full"
        emissions = f"{kind}({options})" if options and kind != "gaussian" else kind
        moves, first = ([model.columns.index(name) for name in names] for names in _core.hidden_markov_inputs(model))
        timed = bool(model.gate) and any(name.startswith("rate[") for name in model.parameters[0])
        durations, max_duration = _core.hidden_markov_durations(model) or (None, None)
        clusters = len(_core.hidden_markov_cluster_weights(model))
        estimator = cls(model.schema if by_name else emissions, model.states // clusters, clusters=clusters,
                        covariance_type="diag" if structure == "diagonal" else structure,
                        transition_inputs=tuple(moves), initial_inputs=tuple(first), time=columns if timed else None,
                        durations=durations, max_duration=max_duration, memory=_core.hidden_markov_memory(model),
                        prior=fit["prior"] if fit else "default")
        estimator._keep(model)
        estimator.n_features_in_ = sum(not _core.lag_of(name) for name in model.columns)
        if model.columns != [f"x{j + 1}" for j in range(len(model.columns))]:
            estimator.feature_names_in_ = np.asarray(
                [name for name in model.columns if not _core.lag_of(name)], dtype=object)
        estimator._summarized(model)
        return estimator

    def _sequences(self, X, lengths):
        if self._by_name:
            model = self._engine()
            columns = _sequence_columns.SequenceColumns(X)
            columns.call(model.columns)
            values = columns.matrix(model.columns, {name: model.levels(name) for name in model.columns})
            table = _data.table(values, model.columns, begins=_data.lengths_to_begins(lengths, len(values)))
            return _core.lagged(table, model.schema)
        X = _data.dense_counts(_data.from_stream(X), [kind for kind, _ in self._engine().kinds])
        _data.check_feature_names(self, _data.columns_of(X), reset=False)
        values = _data.matrix(X)
        if values.shape[1] != self.n_features_in_:
            raise ValueError(f"X has {values.shape[1]} features, but {type(self).__name__} is expecting "
                             f"{self.n_features_in_} features as input.")
        if self._engine().gate:
            values = values[:, self._order(values.shape[1])]
        return _data.table(values, self._engine().columns, begins=_data.lengths_to_begins(lengths, len(values)))

    def decode(self, X, lengths=None):
        """The most probable path (Viterbi).

        Returns
        -------
        log_prob : float
            log p(X, path), over all sequences.
        path : array, the state of each row
        """
        model = self._engine()
        path, value = _core.decode(model, self._sequences(X, lengths))
        return float(value.sum()), path.astype(np.intp)

    def predict(self, X, lengths=None):
        """The most probable path; −1 in a sequence that no path can explain."""
        return self.decode(X, lengths)[1]

    def predict_proba(self, X, lengths=None):
        """p(state of the row | its whole sequence), rows × states."""
        model = self._engine()
        return model.responsibilities(self._sequences(X, lengths), self._threads())

    def predict_cluster_proba(self, X, lengths=None):
        """p(cluster | sequence), sequences × clusters; 0 for a sequence that the model makes impossible."""
        return _core.hidden_markov_clusters(self._engine(), self._sequences(X, lengths))

    def predict_cluster(self, X, lengths=None):
        """The most probable cluster of each sequence; −1 for a sequence that the model makes impossible."""
        p = self.predict_cluster_proba(X, lengths)
        return np.where(p.sum(axis=1) > 0, p.argmax(axis=1), -1)

    def score_samples(self, X, lengths=None):
        """log p(row | the rows before it in its sequence). (hmmlearn's score_samples returns other things.)"""
        model = self._engine()
        return model.score(self._sequences(X, lengths), self._threads())

    def _residuals(self, X, lengths, column):
        table = self._sequences(X, lengths)
        if self._engine().gate and isinstance(column, (int, np.integer)) and 0 <= column < self.n_features_in_:
            column = self._order(self.n_features_in_).index(column)
        return self._pseudo_residuals(table, column)

    def score(self, X, lengths=None):
        """The log-likelihood of all sequences."""
        return float(self.score_samples(X, lengths).sum())

    def bic(self, X, lengths=None):
        """−2 ℓ + p ln n, n the number of rows; lower is better."""
        scores = self.score_samples(X, lengths)
        return float(-2 * scores.sum() + self._engine().free_parameters * np.log(len(scores)))

    def aic(self, X, lengths=None):
        """−2 ℓ + 2 p; lower is better."""
        return float(-2 * self.score(X, lengths) + 2 * self._engine().free_parameters)

    def forecast(self, X, lengths=None, *, steps=None, inputs=None, level=0.9):
        """What comes after the last row of each sequence.

        Parameters
        ----------
        X, lengths
            The sequences as they were seen.
        steps : int, optional
            How many rows ahead; 1, or as many as `inputs` has.
        inputs : array, or a list of one by sequence
            What the chain reads of the rows to come: a row for each step with the columns `transition_inputs`, or the
            times where there is a `time`. One array is for all sequences.
        level : float, default 0.9
            The share of probability between the ends of the intervals.

        Returns
        -------
        Table
            A row for each sequence and step: `sequence` and `step` (from 0 and 1), `probability_0`, … of the states,
            and for each column that they explain `NAME_mean`, `NAME_deviation`, `NAME_lower` and `NAME_upper` of its
            distribution, a mixture over the states (NaN where the family has no distribution function); for an angle
            the mean direction and the ends of the arc around it, counterclockwise, as mean, lower and upper; for a
            categorical column `NAME`, the most probable level, and `NAME_probability`.
        """
        model = self._engine()
        if self._by_name and (model.given_columns() or len(model.kinds) != len(model.columns)):
            raise UnsupportedError("forecast: where columns have names, each must have a kind of its own, and none may depend "
                                   "on what is given, as in a regression")
        table = self._sequences(X, lengths)
        sequences = 1 if lengths is None else len(lengths)
        told = self._inputs_ahead(steps, inputs, sequences)
        counts = [len(own) for own in told]
        columns = len(model.columns) - len(model.gate)
        rows = np.full((sum(counts), len(model.columns)), np.nan)
        told_columns = slice(columns, columns + told[0].shape[1])
        rows[:, told_columns] = np.concatenate(told)
        states, cells = _core.forecast(
            model, table, _data.table(rows, model.columns, begins=_data.lengths_to_begins(counts, len(rows))),
            float(level))
        result = {"sequence": np.repeat(np.arange(sequences), counts),
                  "step": np.concatenate([np.arange(1, count + 1) for count in counts])}
        result.update({f"probability_{k}": states[:, k] for k in range(model.states)})
        names = list(getattr(self, "feature_names_in_", [f"x{j + 1}" for j in range(len(model.columns))]))
        kinds = [kind for kind, _ in model.kinds] or ["of your own"]
        for place, j in enumerate(self._order(len(model.columns))[:columns]):
            if kinds[min(place, len(kinds) - 1)] in ("categorical", "bernoulli"):
                level_of_row = cells[:, place, 0].astype(int)
                words = model.levels(model.columns[place])
                result.update({names[j]: np.array(words)[level_of_row] if words else level_of_row,
                               f"{names[j]}_probability": cells[:, place, 1]})
                continue
            for part, said in enumerate(("mean", "deviation", "lower", "upper")):
                result[f"{names[j]}_{said}"] = cells[:, place, part]
        return Table(result)

    def _inputs_ahead(self, steps, inputs, sequences):
        """For each sequence a matrix: a row for each step with what the chain reads."""
        model = self._engine()
        moves, first = _core.hidden_markov_inputs(model)
        needed = [name for name in model.gate if name in moves or name not in first]
        width = len(needed)
        if steps is not None and (not isinstance(steps, (int, np.integer)) or steps < 1):
            raise ArgumentError(f"steps: must be a whole number ≥ 1, got {steps!r}")
        if width == 0:
            if inputs is not None:
                raise ArgumentError("inputs: do not apply: the chain reads no columns of rows to come")
            return [np.empty((steps or 1, 0))] * sequences
        if inputs is None:
            raise ArgumentError(f"inputs: the model says what happens given {', '.join(needed)}: say what that will be")
        each = inputs if isinstance(inputs, (list, tuple)) and len(inputs) > 0 and np.ndim(inputs[0]) > 0 else [inputs] * sequences
        if len(each) != sequences:
            raise ArgumentError(f"inputs: are of {len(each)} sequences, X has {sequences}")
        told = []
        for own in each:
            own = np.asarray(own, dtype=float)
            own = own.reshape(-1, 1) if own.ndim == 1 and width == 1 else own
            if own.ndim != 2 or own.shape[1] != width or len(own) < (steps or 1):
                raise ArgumentError(f"inputs: must have {steps or 'as many'} rows{'' if steps else ' as steps'} and "
                                    f"{width} columns, got shape {own.shape}")
            told.append(own[:steps])
        return told

    def sample(self, n_samples=1):
        """Draws one sequence.

        Returns
        -------
        X : array, n_samples × columns
        states : array
        """
        model = self._engine()
        if n_samples < 1:
            raise ValueError(f"Invalid value for 'n_samples': {n_samples} . The sampling requires at least one sample.")
        given = model.given_columns()
        if given:
            raise UnsupportedError(
                f"sample: the model says what happens given {', '.join(given)}, not how often that is")
        X, states = model.sample(int(n_samples), _data.seed_of(self.random_state))
        return X, states.astype(np.intp)

    def standard_errors(self, X, lengths=None, *, method="oakes", intervals=None, level=0.95, replicates=200):
        """Standard errors and intervals of the parameters, as of jensen.GaussianMixture."""
        return self._standard_errors(self._sequences(X, lengths), method, intervals, level, replicates)

    def diagnose(self, X, lengths=None):
        """How the fitted model stands, as of jensen.GaussianMixture."""
        return self._diagnose(self._sequences(X, lengths))
