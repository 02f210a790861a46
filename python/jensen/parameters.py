"""The parameters of a model of your own: what they are, and where a fit begins.

>>> layout = Layout({"rate": positive(2.0), "share": simplex([0.5, 0.3, 0.2])})
>>> theta = layout.theta(layout.start)
>>> float(theta.rate), theta.share.tolist()
(2.0, [0.5, 0.3, 0.2])
>>> layout.values({"rate": 3, "share": [0.1, 0.1, 0.8]}).tolist()
[3.0, 0.1, 0.1, 0.8]
"""

import types

import numpy as np

from .exceptions import ArgumentError

__all__ = ["covariance", "interval", "ordered", "positive", "probability", "real", "simplex"]


class Declaration:
    """A kind of parameter and its value at the start."""

    def __init__(self, kind, value, lower=-np.inf, upper=np.inf):
        self.kind = kind
        self.value = np.asarray(value, dtype=np.float64)
        self.lower, self.upper = float(lower), float(upper)

    def __repr__(self):
        ends = f", {self.lower}, {self.upper}" if self.kind == "interval" else ""
        return f"{self.kind}({self.value.tolist()}{ends})"


def real(value):
    """Any number, or a vector of them. Of a size near 1, please: differences are taken at steps of 1e-3."""
    return Declaration("real", value)


def positive(value):
    """A number > 0, or a vector of them."""
    return Declaration("positive", value)


def probability(value):
    """A number in (0, 1), or a vector of them."""
    return Declaration("probability", value)


def interval(value, lower, upper):
    """A number in (lower, upper), or a vector of them."""
    return Declaration("interval", value, lower, upper)


def simplex(value):
    """Numbers > 0 that sum to 1."""
    return Declaration("simplex", value)


def ordered(value):
    """Ascending numbers."""
    return Declaration("ordered", value)


def covariance(value):
    """A symmetric positive definite matrix."""
    return Declaration("covariance", value)


def symmetric(numbers, d):
    """The d × d matrix whose lower triangle, row by row, `numbers` holds along the first axis."""
    low, high = np.minimum(*np.indices((d, d))), np.maximum(*np.indices((d, d)))
    return numbers[high * (high + 1) // 2 + low]


class Layout:
    """Declared parameters and the one array of numbers that the engine knows them as."""

    def __init__(self, declarations):
        if not isinstance(declarations, dict) or not declarations:
            raise ArgumentError("parameters: must be a dictionary from names to jensen.parameters, and not empty")
        self._places = {}
        self.declared = []
        self.start = []
        for name, one in declarations.items():
            if not isinstance(one, Declaration):
                raise ArgumentError(f"parameters: {name!r} must be one of jensen.parameters, got {one!r}")
            numbers = self._packed(one.value) if one.kind == "covariance" else one.value.ravel()
            if one.value.ndim > (2 if one.kind == "covariance" else 1):
                raise ArgumentError(f"parameters: {name!r} has too many axes")
            self._places[name] = (one, len(self.start), len(numbers))
            self.declared.append((name, one.kind, numbers.tolist(), one.value.ndim == 0, one.lower, one.upper))
            self.start.extend(numbers.tolist())
        self.start = np.array(self.start)

    @staticmethod
    def _packed(matrix):
        if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.allclose(matrix, matrix.T):
            raise ArgumentError("parameters: a covariance must be a symmetric matrix")
        return matrix[np.tril_indices(len(matrix))]

    def theta(self, numbers):
        """The parameters by name; numbers: an array of NumPy's, JAX's or PyTorch's."""
        theta = types.SimpleNamespace()
        for name, (one, at, size) in self._places.items():
            own = numbers[at:at + size]
            if one.kind == "covariance":
                own = symmetric(own, len(one.value))
            setattr(theta, name, own[0] if one.value.ndim == 0 else own)
        return theta

    def values(self, returned, whose="maximize"):
        """The numbers of what a function returned: a dictionary, or an object with attributes."""
        found = returned if isinstance(returned, dict) else getattr(returned, "__dict__", None)
        if found is None:
            raise ArgumentError(f"{whose}: must return a dictionary of parameters, got {returned!r}")
        unknown = set(found) - set(self._places)
        if unknown:
            raise ArgumentError(f"{whose}: {sorted(unknown)} are no parameters")
        values = np.empty(len(self.start))
        for name, (one, at, size) in self._places.items():
            if name not in found:
                raise ArgumentError(f"{whose}: returned no {name!r}")
            own = np.asarray(found[name], dtype=np.float64)
            if own.shape != one.value.shape:
                raise ArgumentError(f"{whose}: {name!r} must have the shape {one.value.shape}, got {own.shape}")
            values[at:at + size] = self._packed(own) if one.kind == "covariance" else own.ravel()
        return values


def checked(values, shape, whose):
    """What a user's function returned, as float64 in C order, of that shape."""
    array = np.ascontiguousarray(values, dtype=np.float64)
    if array.shape != shape:
        raise ArgumentError(f"{whose}: must return an array of shape {shape}, got {array.shape}")
    return array


def overrides(instance, base, name):
    """Whether the class of `instance` has its own method of that name."""
    return getattr(type(instance), name, None) is not getattr(base, name, None)
