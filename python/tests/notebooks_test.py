"""The notebooks in examples/ are run, cell by cell."""

import ast
import json

import pytest

from conftest import SOURCE

NOTEBOOKS = sorted((SOURCE / "examples/notebooks").glob("*.ipynb"))


def test_there_are_notebooks():
    assert len(NOTEBOOKS) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_notebook(path, monkeypatch):
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    monkeypatch.chdir(path.parent)
    names = {}
    for i, cell in enumerate(json.loads(path.read_text())["cells"]):
        if cell["cell_type"] != "code":
            continue
        assert cell["outputs"] == [], "notebooks are kept without outputs"
        tree = ast.parse("".join(cell["source"]), f"{path.name}, cell {i}")
        shown = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, f"{path.name}, cell {i}", "exec"), names)
        if shown is not None:  # what a notebook shows
            value = eval(compile(ast.Expression(shown.value), f"{path.name}, cell {i}", "eval"), names)
            html = getattr(value, "_repr_html_", None)
            assert html is None or html().startswith("<")
    import matplotlib.pyplot

    matplotlib.pyplot.close("all")
