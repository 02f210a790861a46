"""The rows of the comparison of hidden Markov models: what is fitted, and to what."""
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class ChainShape:
    kind: str  # gaussian: diagonal covariances; categorical: one column of symbols
    sequences: int
    length: int
    columns: int  # of a categorical: its symbols
    states: int

    def __str__(self):
        rows = f"{self.sequences} × {self.length:.0e}".replace("e+0", "e")
        size = f"{self.columns} symbols" if self.kind == "categorical" else f"d = {self.columns}"
        return f"{self.kind}, {rows}, {size}, K = {self.states}"

    def argument(self):
        return f"{self.kind},{self.sequences},{self.length},{self.read()},{self.states}"

    def read(self):
        return 1 if self.kind == "categorical" else self.columns

    def seconds(self, machine):
        """At the machine's own speed: three passes of K² multiply-adds a step (forward, backward, transitions), the
        log-densities and moments of diagonal covariances (1 + 2d features), an exp a state."""
        steps, states = self.sequences * self.length, self.states
        features = 1 + 2 * self.columns if self.kind == "gaussian" else 0
        flops = steps * (6 * states**2 + 4 * features * states)
        return flops / (1e9 * machine["product_gflops"]) + steps * states * 1e-9 * machine["exp_ns"]


CHAIN_SHAPES = [
    ChainShape("gaussian", 100, 10_000, 8, 8),
    ChainShape("categorical", 1, 1_000_000, 16, 16),
    ChainShape("gaussian", 1, 1_000_000, 8, 64),
]


def quick(shape):
    """The same in small: enough to see that a comparison works."""
    return replace(shape, sequences=min(shape.sequences, 5), length=2000, states=min(shape.states, 4))


def make(folder, shape):
    """Sequences of a random chain, and a start beside it.

    data.npy and start.npz for those who read these; data.bin and start.bin for jensen: rows in order, then initial
    distribution, transitions, means and variances (or probabilities of symbols by state), all float64.
    """
    import numpy as np

    random = np.random.default_rng(7)
    states, rows = shape.states, shape.sequences * shape.length
    transitions = np.full((states, states), 0.1 / (states - 1))
    np.fill_diagonal(transitions, 0.9)
    path = np.empty(rows, dtype=int)
    moves = random.random(rows) < 0.1
    elsewhere = random.integers(1, states, size=rows)
    for t in range(rows):
        begins = t % shape.length == 0
        path[t] = random.integers(states) if begins else (path[t - 1] + moves[t] * elsewhere[t]) % states
    if shape.kind == "gaussian":
        means = random.standard_normal((states, shape.columns))
        x = means[path] + random.standard_normal((rows, shape.columns))
        emissions = [means + 0.3 * random.standard_normal(means.shape), np.full(means.shape, x.var())]
    else:
        probabilities = random.dirichlet(np.ones(shape.columns), size=states)
        steps = random.random(rows)
        x = np.minimum((probabilities.cumsum(axis=1)[path] < steps[:, None]).sum(axis=1), shape.columns - 1)[:, None]
        emissions = [0.5 * probabilities + 0.5 / shape.columns]
    start = [np.full(states, 1 / states), 0.5 * transitions + 0.5 / states, *emissions]
    np.save(folder / "data.npy", x)
    x.astype(float).tofile(folder / "data.bin")
    np.savez(folder / "start.npz", *start)
    np.concatenate([part.ravel() for part in start]).tofile(folder / "start.bin")
