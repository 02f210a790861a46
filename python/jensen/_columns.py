"""Tables whose columns have names and kinds: data frames, dictionaries of arrays and their like."""

import re

import numpy as np

from . import _core, _data
from .exceptions import ArgumentError, DataError
from .family import Family

__all__ = ["Columns", "schema_text"]


def _quoted(name):
    if any(c in name for c in ',:()[]+="') or name != name.strip() or not name:
        return '"' + name.replace('"', '""') + '"'
    return name


def schema_text(columns, names):
    """What the engine reads as a schema.

    columns: its own text ("age:gaussian, sex:categorical"), a kind for each of `names`, or a dictionary from a name, or
    a tuple of names that are modelled jointly, to a kind.

    >>> schema_text({"age": "gaussian", ("height", "body weight"): "gaussian(diagonal)", "a+b": "poisson"}, None)
    'age:gaussian, height + body weight:gaussian(diagonal), "a+b":poisson'
    >>> schema_text("gaussian", ["x1", "x2"])
    'x1:gaussian, x2:gaussian'
    """
    if isinstance(columns, str):
        if ":" in columns:
            return columns
        columns = {name: columns for name in names}
    if not isinstance(columns, dict) or not columns:
        raise ArgumentError(f"columns: must be a schema or a dictionary from names to kinds, got {columns!r}")
    parts = []
    for name, kind in columns.items():
        joined = list(name) if isinstance(name, (tuple, list)) else [name]
        if not all(isinstance(text, str) for text in joined) or not isinstance(kind, str):
            raise ArgumentError(f"columns: {name!r}: {kind!r}: names and kinds must be text")
        parts.append(" + ".join(map(_quoted, joined)) + ":" + kind)
    return ", ".join(parts)


def _word(value):
    if isinstance(value, (float, np.floating)):
        return repr(float(value)).removesuffix(".0")
    return str(value).strip()


def _number(word):
    try:
        return float(word)
    except ValueError:
        return None


def _is_missing(value):
    return value is None or type(value).__name__ in ("NAType", "NaTType") or value != value


def _words(values):
    """Distinct words of a column, and for each cell which one it is; −1 where the cell is missing."""
    values = np.asarray(values)
    if values.dtype.kind == "f":
        missing = np.isnan(values)
    elif values.dtype.kind == "O":
        missing = np.fromiter((_is_missing(value) for value in values), dtype=bool, count=len(values))
    else:
        missing = np.zeros(len(values), dtype=bool)
    cells = values[~missing]
    if values.dtype.kind == "O":
        cells = np.array([_word(value) for value in cells], dtype=str)
    distinct, which = np.unique(cells, return_inverse=True)
    codes = np.full(len(values), -1)
    codes[~missing] = which
    return [_word(value) for value in distinct.tolist()], codes


def _in_order(words):
    """As numbers where all of them are, else as text: the order of the levels in model files."""
    numbers = [_number(word) for word in words]
    return sorted(words) if None in numbers else [words[i] for i in np.argsort(numbers, kind="stable")]


class Columns:
    """A table's columns by name."""

    def __init__(self, X):
        X = _data.from_stream(X)
        self.has_names = True
        if isinstance(X, dict) and not hasattr(X, "toarray"):
            self.names = list(X)
        elif isinstance(X, np.ndarray) and X.dtype.names:
            self.names = list(X.dtype.names)
        else:
            self.names = _data.columns_of(X)
        if self.names is None:
            X = _data.matrix(X)
            self.names = [f"x{j + 1}" for j in range(X.shape[1])]
            self.has_names = False
            X = {name: X[:, j] for j, name in enumerate(self.names)}
        else:
            _data.matrix(np.empty((len(X[self.names[0]]) if self.names else 0, len(self.names))))
        self._columns = X
        self.rows = len(self[self.names[0]])

    def __getitem__(self, name):
        if name not in self.names:
            raise DataError(f"column '{name}' is not there; there are {', '.join(self.names)}")
        column = self._columns[name]
        if type(column).__module__.partition(".")[0] == "pyarrow":
            return np.asarray(column.to_numpy())
        return column

    def _numbers(self, name):
        column = self[name]
        if hasattr(column, "to_numpy") and hasattr(getattr(column, "dtype", None), "na_value"):
            try:
                return column.to_numpy(dtype=np.float64, na_value=np.nan)
            except (TypeError, ValueError):
                column = column.to_numpy()
        values = np.asarray(column)
        if values.ndim != 1:
            raise DataError(f"column '{name}' must have one axis, got {values.ndim}")
        if values.dtype.kind in "fiub":
            return values.astype(np.float64)
        numbers = np.empty(len(values))
        for i, value in enumerate(values):
            try:
                numbers[i] = np.nan if _is_missing(value) else float(value)
            except (TypeError, ValueError) as error:
                if not isinstance(value, (str, bytes)):
                    raise
                raise DataError(f"row {i + 1}, column '{name}': '{value}' is not a number") from error
        return numbers

    def levels(self, name):
        """The names of the levels that the column holds."""
        return _in_order(_words(self[name])[0])

    def _codes(self, name, levels):
        words, codes = _words(self[name])
        place = {level: k for k, level in enumerate(levels)}
        numbers = {_number(level): k for k, level in enumerate(levels)}
        if None in numbers:
            numbers = {}
        of_word = np.array([place.get(word, numbers.get(_number(word), -1)) for word in words] + [np.nan])
        values = of_word[codes]
        if (values == -1).any():
            row = int(np.argmax(values == -1))
            raise DataError(f"row {row + 1}, column '{name}': '{words[codes[row]]}' is none of {', '.join(levels)}")
        return values

    def matrix(self, names, levels):
        """The columns as a matrix in the engine's own order; words are the numbers of their levels."""
        values = np.empty((self.rows, len(names)), order="F")
        for j, name in enumerate(names):
            column = self._codes(name, levels[name]) if levels.get(name) else self._numbers(name)
            if len(column) != self.rows:
                raise DataError(f"column '{name}' has {len(column)} rows, '{self.names[0]}' has {self.rows}")
            values[:, j] = column
        return values


def levels_for(columns, level_columns, binary):
    """The levels of the columns whose cells are words; the binary ones keep yes and no where only one comes up."""
    levels = {}
    for name in level_columns:
        found = columns.levels(name)
        if name in binary:
            if len(found) > 2:
                raise DataError(f"column '{name}' is bernoulli, but has {len(found)} levels ({', '.join(found)}): is "
                                "it categorical?")
            if found in (["0"], ["1"]):
                found = ["0", "1"]
            if found in (["False"], ["True"]):
                found = ["False", "True"]
        levels[name] = found
    return levels


def read(columns, X, gate=(), groups=None):
    """X for a fit: the schema's text, the names of its columns, their levels, and the matrix. A column of `groups` is
    not modelled unless `columns` names it."""
    table = Columns(X)
    text = schema_text(columns, [name for name in table.names if name != groups])
    names, level_columns, binary = _core.schema_columns(text, list(gate))
    if not table.has_names and len(table.names) == len(names):
        table._columns = {name: table[own] for name, own in zip(names, table.names)}
        table.names = names
    levels = levels_for(table, level_columns, binary)
    return text, names, levels, table.matrix(names, levels), table


def kinds_in(columns):
    """The kinds of distributions that a schema names."""
    texts = [columns] if isinstance(columns, str) else [kind for kind in columns.values() if isinstance(kind, str)]
    return {kind for text in texts for one in re.split(r"[,|](?![^(]*\))", text)
            for kind in [one.rpartition(":")[2].partition("(")[0].strip()]}


def families_in(columns):
    """The part of `columns` that is a schema, and families of the user's: (names, or None for all columns; family)."""
    if isinstance(columns, Family):
        return None, [(None, columns)]
    if isinstance(columns, dict):
        own = [(name, kind) for name, kind in columns.items() if isinstance(kind, Family)]
        return {name: kind for name, kind in columns.items() if not isinstance(kind, Family)}, own
    return columns, []


def read_with_families(known, own, X):
    """As read(), with families over further columns: (names, indices, family, whether its parameters bear the name)."""
    table = Columns(X)
    text, names, level_columns, binary = "", [], [], []
    if known:
        text = schema_text(known, table.names)
        names, level_columns, binary = _core.schema_columns(text, [])
    joined = [tuple(table.names) if name is None else (name,) if isinstance(name, str) else tuple(name)
              for name, _ in own]
    names = list(dict.fromkeys([*names, *(name for several in joined for name in several)]))
    if not table.has_names and len(table.names) == len(names):
        table._columns = {name: table[known_as] for name, known_as in zip(names, table.names)}
        table.names = names
    levels = levels_for(table, level_columns, binary)
    families = [(several, [names.index(name) for name in several], family, name is not None)
                for several, (name, family) in zip(joined, own)]
    return text, names, levels, table.matrix(names, levels), table, families
