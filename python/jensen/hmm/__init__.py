"""hmmlearn's classes: code written for ``from hmmlearn import hmm`` runs with ``from jensen import hmm``.

docs/compatibility.md lists what differs and why. jensen.HiddenMarkov is the same with more to say.
"""

from ._gaussian import GaussianHMM
from ._gaussian_mixture import GMMHMM
from ._poisson import PoissonHMM
from ._probabilities import CategoricalHMM, MultinomialHMM

__all__ = ["CategoricalHMM", "GMMHMM", "GaussianHMM", "MultinomialHMM", "PoissonHMM"]
