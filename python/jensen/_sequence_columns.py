"""Columns of sequences by name: of several kinds, and what they were some rows before."""

from . import _columns, _core

__all__ = ["SequenceColumns", "are_named", "schema_of"]


def are_named(emissions):
    """Whether `emissions` says by name what the columns are: a dictionary, a schema's text, or a formula."""
    return isinstance(emissions, dict) or (isinstance(emissions, str) and (":" in emissions or "~" in emissions))


def schema_of(emissions, family, names):
    """The schema's text.

    >>> schema_of("y ~ lag(y) + x", "gaussian", None)
    'y:linear-regression(x1="lag(y)", x2=x)'
    """
    if isinstance(emissions, str) and "~" in emissions:
        return _core.regression(emissions, family)
    return _columns.schema_text(emissions, names)


class SequenceColumns(_columns.Columns):
    """The same as columns by name, where "lag(y)" is a column, too: it holds y until the engine has put it off."""

    def __getitem__(self, name):
        return super().__getitem__(_core.lag_of(name) or name)

    def call(self, names):
        """Gives the columns of a matrix these names, where there are as many."""
        seen = [name for name in names if not _core.lag_of(name)]
        if not self.has_names and len(self.names) == len(seen):
            self._columns = {name: self._columns[own] for name, own in zip(seen, self.names)}
            self.names = seen
        return seen
