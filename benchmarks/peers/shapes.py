"""The rows of the comparison: what is fitted, and to what."""
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Shape:
    rows: int
    columns: int
    components: int
    structure: str

    def __str__(self):
        rows = str(self.rows) if self.rows < 100_000 else f"{self.rows:.0e}".replace("e+0", "e")
        return f"{rows}, {self.columns}, {self.components}, {self.structure}"

    def argument(self):
        return f"{self.rows},{self.columns},{self.components},{self.structure}"


SHAPES = [
    Shape(1_000_000, 2, 5, "full"),
    Shape(1_000_000, 16, 16, "full"),
    Shape(200_000, 64, 32, "full"),
    Shape(100_000, 128, 10, "full"),
    Shape(1_000_000, 16, 16, "diagonal"),
    Shape(1_000_000, 64, 64, "diagonal"),
]


def quick(shape):
    """The same in small: enough to see that a comparison works."""
    components = min(shape.components, 4)
    rows = max(shape.rows // 200, 10 * components * shape.columns)
    return Shape(rows, shape.columns, components, shape.structure)


def make(folder, shape):
    """K overlapping clusters and a start at K of the rows, with the variances of the columns as covariances.

    data.npy and start.json (which jensen reads too) for those who read these; data.bin and start.bin for the others:
    rows in order, then weights 1/K, means and variances, all float64.
    """
    import numpy as np

    random = np.random.default_rng(7)
    means = 2 * random.standard_normal((shape.components, shape.columns))
    x = means[random.integers(shape.components, size=shape.rows)]
    x += random.standard_normal((shape.rows, shape.columns))
    np.save(folder / "data.npy", x)
    x.tofile(folder / "data.bin")
    variance = x.var(axis=0)
    weights = np.full(shape.components, 1 / shape.components)
    start = x[: shape.components]
    (folder / "start.json").write_text(json.dumps({
        "weights": weights.tolist(), "means": start.tolist(),
        "covariances": [np.diag(variance).tolist()] * shape.components}))
    np.concatenate([weights, start.ravel(), np.tile(variance, shape.components)]).tofile(folder / "start.bin")
