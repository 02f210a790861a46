"""Fits of hmmlearn's classes: where they begin, and what is estimated."""

import functools
import logging

import numpy as np

from .. import _core, _data
from ..exceptions import ArgumentError
from ._monitor import Monitor
from ._parameters import Parameters, jointly

_log = logging.getLogger("jensen.hmm")


class Fitting(Parameters):
    """fit(), and what init_params and params say of it."""

    def _fit_options(self, rows):
        for name in ("params", "init_params"):
            unknown = set(getattr(self, name)) - set(self._letters)
            if unknown:
                raise ArgumentError(f"{name}: {''.join(sorted(unknown))!r} are none of {''.join(self._letters)!r}")
        return {"tolerance": float(self.tol) / rows, "max_iterations": int(self.n_iter), "restarts": 1,
                "seed": _data.seed_of(self.random_state), "threads": 0}

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

    @property
    def _of_emissions(self):
        return set(self._letters) - {"s", "t"}

    def _begin(self, table, columns, needed, options):
        """Sets what there is to initialise from the data: `options` say from how many starts, fitted or not."""
        options = {**options, "start": self._start}
        if self._of_emissions <= set(needed):
            begun = self._begun(table, columns, self.n_components, options)
            self._take(begun, needed if {"s", "t"} <= set(needed) else self._of_emissions)
        elif self._of_emissions & set(needed):
            self._take_partly(table, columns, needed, {**options, "max_iterations": 0})
        if set(self._letters) != set(needed):  # the start's states are not those that were given
            k = self.n_components
            if "s" in needed:
                self.startprob_ = np.full(k, 1 / k)
            if "t" in needed:
                self.transmat_ = np.full((k, k), 1 / k)

    def _warn_of_many_parameters(self, cells):
        if self._made().free_parameters > cells:
            _log.warning("Fitting a model with more free parameters than there are numbers in the data will result in a "
                         "degenerate solution.")

    _start = "random"

    def _begun(self, table, columns, states, options):
        return _core.fit_hidden_markov(table, self._schema(columns), {}, states, "full", "free", 0.0, "default", options,
                                       None)[0]

    def _whole_covariance(self, table, columns, options):
        """Of all rows."""
        one = _core.fit_hidden_markov(table, jointly(columns, "gaussian(full)"), {}, 1, "full", "free", 0.0, "default",
                                      options, None)[0]
        return np.array(_core.hidden_markov_gaussians(one)[1][0])

    def _init(self, X, lengths=None):
        X = np.asarray(X)
        self._check_and_set_n_features(X)
        table, columns, rows = self._table(X, lengths)
        self._begin(table, columns, self._to_initialize(), {**self._fit_options(rows), "max_iterations": 0})
        self._warn_of_many_parameters(X.size)

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
        self.n_features_in_ = columns
        options = self._fit_options(rows)
        needed = self._to_initialize()
        begin = functools.partial(self._begin, table, columns, needed)
        run = functools.partial(self._fit_from_attributes, table, counts, options)
        several = self.n_iter > 1 and self._of_emissions <= set(needed)
        if several and set(self._letters) != set(needed):
            result = self._best_of(begin, run, options)
            self._warn_of_many_parameters(X.size)
            return self._finish(*result)
        begin({**options, "restarts": self._starts} if several else {**options, "max_iterations": 0})
        self._warn_of_many_parameters(X.size)
        return self._finish(*run())

    verbose_interval = 1
    _starts = 10  # of fits whose emissions all come from the data

    def _best_of(self, begin, run, options):
        """The best of several fits that have the given chain in common."""
        results = []
        for start in range(self._starts):
            begin({**options, "seed": options["seed"] + start, "max_iterations": 0})
            results.append(run())
            if results[-1][2]:  # interrupted
                break
        return max(results, key=lambda result: result[1]["log_likelihood"] + result[1]["log_prior"])

    def _fit_from_attributes(self, table, counts, options):
        fixed = [pattern for letter, pattern in self._patterns.items() if letter not in self.params]
        held = {"constraints": {"fix": fixed}} if fixed else {}
        self.callback = None
        result = _core.fit_hidden_markov_from(table, self._made(), "default", *counts, "s" not in self.params,
                                              "t" not in self.params, {**options, **held, "start": "given"},
                                              self._progress())
        del self.callback
        return result

    def _finish(self, model, fields, interrupted):
        super()._finish(model, fields, interrupted)
        self.monitor_ = Monitor(self.tol, self.n_iter, self.verbose)
        self.monitor_.history = fields["trace"]["log_likelihood"].tolist()
        self.monitor_.iter = self.n_iter_
        self.monitor_.converged = self.converged_
        return self

    @property
    def monitor_(self):
        """How the last fit went; before any, that nothing has happened."""
        return self.__dict__.get("_monitor") or Monitor(self.tol, self.n_iter, self.verbose)

    @monitor_.setter
    def monitor_(self, monitor):
        self._monitor = monitor

    def _keep(self, model):
        self._take(model)
