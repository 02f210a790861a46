"""Models from files."""

from . import _core
from .exceptions import UnsupportedError
from .gaussian_mixture import GaussianMixture
from .hidden_markov import HiddenMarkov
from .mixture import Mixture

_ESTIMATORS = {"gaussian-mixture": GaussianMixture, "mixture": Mixture, "gated-mixture": Mixture,
               "grouped-mixture": Mixture, "hidden-markov": HiddenMarkov}


def load(path):
    """The fitted estimator that is in a file, which its ``save`` or the command-line tool wrote; it keeps every bit."""
    model = _core.Model.load(str(path))
    if model.kind not in _ESTIMATORS:
        raise UnsupportedError(f"{path}: a {model.kind} has no estimator in Python")
    return _ESTIMATORS[model.kind]._from_model(model)
