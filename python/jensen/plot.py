"""Pictures of fits and models; each function returns the axes that it drew on. They need matplotlib.

>>> import matplotlib
>>> matplotlib.use("Agg")
>>> import numpy as np, jensen
>>> X = np.random.default_rng(0).normal(size=(100, 2)) + np.repeat([[0, 0], [6, 3]], 50, axis=0)
>>> mixture = jensen.GaussianMixture(2, random_state=0).fit(X)
>>> ax = jensen.plot.components(mixture, X)
>>> len(ax.patches)
4
"""

import statistics

import numpy as np

from ._groups import GroupedRows
from .exceptions import ArgumentError, UnsupportedError

__all__ = ["components", "criterion", "residuals", "responsibilities", "states", "trace", "transitions"]


def _axes(ax):
    if ax is not None:
        return ax
    import matplotlib.pyplot

    return matplotlib.pyplot.subplots(layout="constrained")[1]


def _color(k):
    return f"C{k % 10}"


def trace(estimator, ax=None):
    """ℓ after each iteration, and the lower bound that the step before it had certified: how EM climbed."""
    ax = _axes(ax)
    report = estimator.report_
    if report.trace is None:
        raise UnsupportedError("trace: a model that was loaded from a file keeps no trace")
    iterations, bound = report.trace["iteration"], report.trace["bound"]
    ax.plot(iterations, report.trace["log_likelihood"], marker=".", label="log-likelihood")
    there = np.isfinite(bound)
    if there.any():
        ax.plot(iterations[there], bound[there], marker=".", linestyle="--", label="lower bound F")
    ax.set_xlabel("iteration")
    ax.legend()
    return ax


def criterion(selection, ax=None):
    """The criterion of a selection by the number of components, a line for each structure or schema."""
    return selection.plot(_axes(ax))


def _gaussians(estimator):
    """Weights (of a chain: its long run), means and covariance matrices."""
    if not hasattr(estimator, "means_"):
        raise UnsupportedError(f"components: a {type(estimator).__name__} without means and covariances")
    means = np.asarray(estimator.means_)
    matrices = getattr(estimator, "covars_", None)
    if matrices is None:
        from .gaussian_mixture import _as_matrices, _structure

        matrices = _as_matrices(estimator.covariances_, _structure(estimator.covariance_type), *means.shape,
                                "covariances_", "covariances")
    weights = getattr(estimator, "weights_", None)
    if weights is None:
        values, vectors = np.linalg.eig(np.asarray(estimator.transmat_).T)
        weights = vectors[:, np.argmax(values.real)].real
    return np.asarray(weights) / np.sum(weights), means, np.asarray(matrices)


def _ellipses(ax, means, matrices, pair):
    from matplotlib.patches import Ellipse

    for k, (mean, matrix) in enumerate(zip(means, matrices)):
        values, vectors = np.linalg.eigh(matrix[np.ix_(pair, pair)])
        angle = np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1]))
        for deviations in (1, 2):
            ax.add_patch(Ellipse(mean[list(pair)], 2 * deviations * np.sqrt(values[1]),
                                 2 * deviations * np.sqrt(values[0]), angle=angle, fill=False, color=_color(k)))
    ax.autoscale_view()


def _density(x, mean, variance):
    return np.exp(-((x - mean) ** 2) / (2 * variance)) / np.sqrt(2 * np.pi * variance)


def _marginal(ax, weights, means, matrices, column, X):
    spread = np.sqrt(matrices[:, column, column])
    ends = (means[:, column] - 4 * spread).min(), (means[:, column] + 4 * spread).max()
    x = np.linspace(*ends, 400)
    total = 0
    for k, weight in enumerate(weights):
        density = weight * _density(x, means[k, column], matrices[k, column, column])
        total = total + density
        ax.plot(x, density, color=_color(k), label=str(k))
    ax.plot(x, total, color="black", label="mixture")
    if X is not None:
        cells = X[:, column]
        ax.hist(cells[~np.isnan(cells)], bins="auto", density=True, color="0.85", zorder=0)


def components(estimator, X=None, columns=None, ax=None):
    """Gaussian components: of one column densities over a histogram, of two ellipses of one and two standard deviations
    over the rows, of more a square of both (an array of axes).

    Parameters
    ----------
    estimator : GaussianMixture, or a hidden Markov model with Gaussian emissions
    X : matrix, optional
    columns : sequence of int, optional
        All of them unless said.
    """
    weights, means, matrices = _gaussians(estimator)
    columns = list(range(means.shape[1])) if columns is None else list(columns)
    if X is not None:
        X = np.asarray(X, dtype=np.float64)
    states = None if X is None else np.asarray(estimator.predict(X))

    def rows(where, pair):
        if X is not None:
            where.scatter(X[:, pair[0]], X[:, pair[1]], s=8, c=[_color(k) for k in states], alpha=0.5)

    if len(columns) <= 2:
        ax = _axes(ax)
        if len(columns) == 1:
            _marginal(ax, weights, means, matrices, columns[0], X)
            ax.legend()
        else:
            rows(ax, columns)
            _ellipses(ax, means, matrices, columns)
        return ax
    import matplotlib.pyplot

    size = len(columns)
    if ax is None:
        ax = matplotlib.pyplot.subplots(size, size, figsize=(2.2 * size, 2.2 * size), layout="constrained")[1]
    for a in range(size):
        for b in range(size):
            if a == b:
                _marginal(ax[a, a], weights, means, matrices, columns[a], X)
            else:
                rows(ax[a, b], (columns[b], columns[a]))
                _ellipses(ax[a, b], means, matrices, (columns[b], columns[a]))
    return ax


def _probabilities(estimator, X, lengths):
    return estimator.predict_proba(X) if lengths is None else estimator.predict_proba(X, lengths)


def responsibilities(estimator, X, lengths=None, ax=None):
    """p(component | row), stacked row by row: of a chain over time, of a mixture sorted by component and certainty."""
    ax = _axes(ax)
    probabilities = np.asarray(_probabilities(estimator, X, lengths))
    if not hasattr(estimator, "transmat_"):
        best = probabilities.argmax(axis=1)
        probabilities = probabilities[np.lexsort((-probabilities.max(axis=1), best))]
    ax.stackplot(np.arange(len(probabilities)), probabilities.T, labels=range(probabilities.shape[1]),
                 colors=[_color(k) for k in range(probabilities.shape[1])])
    ax.set_xlabel("time" if hasattr(estimator, "transmat_") else "row, sorted")
    ax.set_ylabel("probability")
    ax.set_ylim(0, 1)
    ax.legend(title="component")
    return ax


def states(estimator, X, lengths=None, column=0, ax=None):
    """A column over time, on bands of the color of the most probable path; lines between sequences."""
    ax = _axes(ax)
    path = np.asarray(estimator.predict(X, lengths))
    values = np.asarray(X, dtype=np.float64)[:, column]
    ends = [0, *np.cumsum(lengths if lengths is not None else [len(path)])]
    for first, last in zip(ends, ends[1:]):
        changes = first + 1 + np.flatnonzero(np.diff(path[first:last]))
        for begin, end in zip([first, *changes], [*changes, last]):
            ax.axvspan(begin - 0.5, end - 0.5, color=_color(path[begin]), alpha=0.3, linewidth=0)
        ax.plot(np.arange(first, last), values[first:last], color="black", linewidth=1)
    for end in ends[1:-1]:
        ax.axvline(end - 0.5, color="black", linestyle=":")
    ax.set_xlabel("time")
    return ax


def transitions(estimator, least=0.005, ax=None):
    """The chain as a graph: an arrow for each transition of probability `least` or more, as thick as it is probable;
    loops as numbers in the states."""
    ax = _axes(ax)
    chain = np.asarray(estimator.transmat_)
    angles = np.pi / 2 - 2 * np.pi * np.arange(len(chain)) / len(chain)
    places = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    for k, place in enumerate(places):
        ax.scatter(*place, s=1600, color=_color(k), zorder=2)
        ax.annotate(f"{k}\n{chain[k, k]:.2f}", place, ha="center", va="center", zorder=3)
    for i, j in np.argwhere(chain >= least):
        if i == j:
            continue
        ax.annotate("", places[j], places[i], zorder=1, arrowprops={
            "arrowstyle": "-|>", "connectionstyle": "arc3,rad=0.15", "linewidth": 0.5 + 4 * chain[i, j],
            "shrinkA": 20, "shrinkB": 20, "color": "0.4"})
        middle = (places[i] + places[j]) / 2
        across = np.array([-(places[j] - places[i])[1], (places[j] - places[i])[0]])
        ax.annotate(f"{chain[i, j]:.2f}", middle - 0.15 * across, ha="center", va="center", fontsize="small")
    ax.set_xlim(-1.5, 1.5)
    ax.set_ylim(-1.5, 1.5)
    ax.set_aspect("equal")
    ax.set_axis_off()
    return ax


def quantile_residuals(estimator, X, lengths=None, column=0, groups=None):
    """Φ⁻¹(½ P(x < cell) + ½ P(x ≤ cell)) of a column, given the rows before in its sequence or group and what the model
    takes as given in its row (covariates, exposures, the columns of a gate): standard normal where the model is right and
    the column continuous (Dunn and Smyth 1996; of chains Zucchini, MacDonald and Langrock 2016, section 6.2). NaN where
    the cell is missing.

    Parameters
    ----------
    estimator : any mixture or chain of the library's families
        Columns of angles, of interval ends and of counts with a common total have no distribution function; they are
        refused.
    column : int or str
        Of X; of a jensen.Mixture, of the columns that it models.
    groups
        As of predict(X, groups), where the model was fitted to rows in groups.
    """
    if groups is None:
        return estimator._residuals(X, lengths, column)
    if not isinstance(estimator, GroupedRows):
        raise ArgumentError("groups: only a jensen.Mixture has groups")
    return estimator._residuals(X, lengths, column, groups)


def residuals(estimator, X, lengths=None, column=0, ax=None, groups=None):
    """Quantile residuals of a column against standard normal quantiles: on the line where the model is right and the
    column continuous. Cells that the model has for impossible are left out."""
    ax = _axes(ax)
    found = np.sort(quantile_residuals(estimator, X, lengths, column, groups))
    found = found[np.isfinite(found)]
    normal = statistics.NormalDist()
    expected = [normal.inv_cdf((i + 0.5) / len(found)) for i in range(len(found))]
    ax.plot(expected, found, linestyle="", marker=".", label="rows")
    ends = [min(expected[0], found[0]), max(expected[-1], found[-1])]
    ax.plot(ends, ends, color="black", linewidth=1, label="as the model says")
    ax.set_xlabel("standard normal quantile")
    ax.set_ylabel("residual")
    ax.legend()
    return ax
