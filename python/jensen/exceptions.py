"""What jensen raises and warns of.

Where scikit-learn is loaded, its own exception of the same name is raised too: code that catches
``sklearn.exceptions.NotFittedError`` or silences ``sklearn.exceptions.ConvergenceWarning`` goes on working.
"""

import sys


class Error(Exception):
    """Base of everything that jensen raises on purpose."""


class ArgumentError(Error, ValueError):
    """An argument that cannot be used; the message names it."""


class DataError(Error, ValueError):
    """Data that cannot be used; the message names row and column."""


class UnsupportedError(Error, TypeError):
    """Something asked of a model that it cannot do."""


class NotFittedError(Error, ValueError, AttributeError):
    """A method needs a fitted model."""


class ConvergenceWarning(UserWarning):
    """A fit ended before it converged."""


class DegenerateComponentWarning(UserWarning):
    """The data do not determine a component: its likelihood is unbounded, or it rests on too few rows."""


def as_known(own):
    """The class itself, or one that is scikit-learn's of the same name as well, where that is loaded."""
    theirs = getattr(sys.modules.get("sklearn.exceptions"), own.__name__, None)
    if theirs is None:
        return own
    return type(own.__name__, (own, theirs), {"__module__": __name__, "__doc__": own.__doc__})
