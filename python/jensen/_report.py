"""What fits report, as tables and records that print well."""

import html

import numpy as np

__all__ = ["Diagnosis", "Report", "Table"]


def _shown(value):
    if isinstance(value, (float, np.floating)):
        return f"{value:.6g}"
    return str(value)


class Table:
    """Columns by name, all of one length: ``table["column"]`` is an array.

    >>> table = Table({"K": [1, 2], "bic": [2600.5, 2320.25]})
    >>> table
    K     bic
    1  2600.5
    2 2320.25
    >>> float(table["bic"].min())
    2320.25
    """

    _most_rows = 20

    def __init__(self, columns):
        self._columns = {name: np.asarray(values) for name, values in columns.items()}

    @property
    def columns(self):
        """The names of the columns."""
        return list(self._columns)

    def keys(self):
        """The names of the columns, as those of a dictionary: ``dict(table)``."""
        return self._columns.keys()

    def __getitem__(self, name):
        return self._columns[name]

    def __contains__(self, name):
        return name in self._columns

    def __len__(self):
        return len(next(iter(self._columns.values()), ()))

    def rows(self):
        """One dictionary for each row."""
        return [dict(zip(self._columns, row)) for row in zip(*self._columns.values())]

    def to_pandas(self):
        """The same as a pandas.DataFrame."""
        import pandas

        return pandas.DataFrame(self._columns)

    def _texts(self):
        shown = range(min(len(self), self._most_rows))
        rows = [[_shown(column[i]) for column in self._columns.values()] for i in shown]
        return self.columns, rows, len(self) - len(rows)

    def __repr__(self):
        names, rows, more = self._texts()
        widths = [max(map(len, column)) for column in zip(names, *rows)]
        lines = [" ".join(text.rjust(width) for text, width in zip(row, widths)).rstrip() for row in [names, *rows]]
        return "\n".join(lines + ([f"… {more} more rows"] if more else []))

    def _repr_html_(self):
        names, rows, more = self._texts()

        def row(texts, tag):
            return "<tr>" + "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in texts) + "</tr>"

        body = "".join(row(texts, "td") for texts in rows)
        return f"<table>{row(names, 'th')}{body}</table>" + (f"<p>… {more} more rows</p>" if more else "")


class Report:
    """How a fit went.

    Attributes
    ----------
    outcome : str
        "converged", "iteration_limit", "stopped_by_caller", "degenerate", …
    message : str
        The same in a sentence.
    log_likelihood, log_prior, aic, bic, icl, normalized_entropy : float
        At the parameters returned.
    observations, free_parameters, iterations, evaluations : numbers
        n as BIC counts it, p, M-steps and passes over the data.
    trace : Table
        One row for each accepted step of the start that was returned.
    starts : Table
        One row for each start: its seed, how it ended and where.
    optima : Table
        Distinct optima, best first, and how many starts reached each.
    degeneracies : list of dict
        Components that the data do not determine: component, reason, rows.
    monotone, gradient, bound, bound_gap : numbers
        The certificate: whether every step climbed, what a Newton step still promises, F(q, θ) and ℓ(θ) − F.

    What a model file does not keep is None in a model that was loaded from one.
    """

    _tables = ("trace", "starts", "optima")
    _fields = (
        "outcome", "message", "log_likelihood", "log_prior", "observations", "free_parameters", "aic", "bic", "icl",
        "normalized_entropy", "iterations", "evaluations", "total_weight", "rows", "bound", "bound_gap", "entropy",
        "state_entropy", "monotone", "gradient", "degeneracies", "trace", "starts", "best_start", "optima",
        "start_seconds", "fit_seconds",
    )

    def __init__(self, fields):
        for name in self._fields:
            value = fields.get(name)
            setattr(self, name, Table(value) if name in self._tables and isinstance(value, dict) else value)

    _numbers = ("log_likelihood", "bic", "iterations", "observations", "free_parameters")

    @property
    def converged(self):
        return self.outcome == "converged"

    def _repr_html_(self):
        shown = {name: getattr(self, name) for name in self._numbers if getattr(self, name) is not None}
        numbers = Table({name: [value] for name, value in shown.items()})._repr_html_()
        problems = "".join(f"<li>component {d['component']}: {html.escape(d['reason'])}</li>"
                           for d in self.degeneracies or [])
        return (f"<p><strong>{html.escape(self.outcome)}</strong>: {html.escape(self.message)}</p>{numbers}"
                + (f"<ul>{problems}</ul>" if problems else ""))

    def __repr__(self):
        head = f"{self.outcome}: {self.message}"
        lines = [f"  {name}: {_shown(getattr(self, name))}" for name in self._numbers if getattr(self, name) is not None]
        if self.optima is not None and len(self.optima):
            lines.append(f"  starts at the best optimum: {self.optima['starts'][0]} of {len(self.starts)}")
        for d in self.degeneracies or []:
            lines.append(f"  component {d['component']}: {d['reason']}")
        return "\n".join([head, *lines])


class Diagnosis:
    """How a fit stands (docs/standard-errors.md).

    Attributes
    ----------
    findings : list of str
        What deserves attention, in sentences; empty where all is well.
    parameters : Table
        parameter, estimate, standard_error and missing_fraction, the share of the information about it that not seeing z
        costs.
    rate, missing_fraction, condition : float
        The largest eigenvalue of EM's Jacobian, that of the missing information, and the condition of the information.
    slowest, weakest : Table
        The directions in which EM is slowest and the data say least: parameter, by (in standard errors).
    looser : Table
        What stopping at a looser tolerance would leave.
    bound_gap, gain_left : float
    observations, free_parameters, evaluations : numbers
    """

    _tables = ("parameters", "slowest", "weakest", "looser")
    _fields = ("findings", "observations", "free_parameters", "evaluations", "bound_gap", "gain_left", "rate",
               "missing_fraction", "condition", *_tables)

    def __init__(self, fields):
        for name in self._fields:
            setattr(self, name, Table(fields[name]) if name in self._tables else fields[name])

    def __repr__(self):
        numbers = ("rate", "missing_fraction", "condition", "gain_left", "bound_gap")
        lines = [f"{name}: {_shown(getattr(self, name))}" for name in numbers]
        return "\n".join([*(self.findings or ["nothing found"]), *lines, repr(self.parameters)])

    def _repr_html_(self):
        findings = "".join(f"<li>{html.escape(text)}</li>" for text in self.findings) or "<li>nothing found</li>"
        return f"<ul>{findings}</ul>{self.parameters._repr_html_()}"
