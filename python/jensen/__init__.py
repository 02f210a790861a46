"""Expectation-maximization for latent-variable models.

>>> import numpy as np, jensen
>>> rng = np.random.default_rng(0)
>>> X = np.concatenate([rng.normal(0, 1, (100, 2)), rng.normal(6, 1, (50, 2))])
>>> mixture = jensen.GaussianMixture(n_components=2, random_state=0).fit(X)
>>> mixture.report_.outcome
'converged'
>>> np.sort(mixture.weights_).round(3).tolist()
[0.333, 0.667]
"""

from ._core import version as __version__
from . import hmm, parameters, plot
from ._report import Diagnosis, Report, Table
from .discrete_latent import DiscreteLatent
from .exceptions import (
    ArgumentError,
    ConvergenceWarning,
    DataError,
    DegenerateComponentWarning,
    Error,
    NotFittedError,
    UnsupportedError,
)
from .family import Family
from .files import load
from .gaussian_mixture import GaussianMixture
from .hidden_markov import HiddenMarkov
from .latent_model import LatentModel
from .mixture import Mixture
from .selection import Selection, select

__all__ = [
    "ArgumentError",
    "ConvergenceWarning",
    "DataError",
    "DegenerateComponentWarning",
    "Diagnosis",
    "DiscreteLatent",
    "Error",
    "Family",
    "GaussianMixture",
    "HiddenMarkov",
    "LatentModel",
    "Mixture",
    "NotFittedError",
    "Report",
    "Selection",
    "Table",
    "UnsupportedError",
    "__version__",
    "hmm",
    "load",
    "parameters",
    "plot",
    "select",
]
