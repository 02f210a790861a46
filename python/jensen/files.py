"""Models from files."""

from . import _core
from .exceptions import UnsupportedError
from .gaussian_mixture import GaussianMixture

_ESTIMATORS = {"gaussian-mixture": GaussianMixture}


def load(path):
    """The fitted estimator in a file that its ``save`` or the command-line tool wrote, with every bit of its parameters."""
    model = _core.Model.load(str(path))
    if model.kind not in _ESTIMATORS:
        raise UnsupportedError(f"{path}: a {model.kind} has no estimator in Python")
    return _ESTIMATORS[model.kind]._from_model(model)
