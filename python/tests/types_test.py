"""The type stubs say what there is, and type checkers take code that uses it."""

import ast
import importlib
import inspect
import pathlib

import pytest

import jensen

PACKAGE = pathlib.Path(jensen.__file__).parent
STUBS = sorted(path for path in PACKAGE.rglob("*.pyi") if path.stem != "_core")


def module_of(path):
    """The dotted name of what a stub describes."""
    return ".".join(["jensen", *path.relative_to(PACKAGE).with_suffix("").parts]).removesuffix(".__init__")

USE = """
import numpy as np
import jensen
from jensen import hmm
from jensen.parameters import positive

X = np.zeros((10, 2))
mixture = jensen.GaussianMixture(2, covariance_type="diag", random_state=0).fit(X, sample_weight=np.ones(10))
bic: float = mixture.report_.bic
names: list[str] = mixture.standard_errors(X).columns
best = jensen.select(X, n_components=range(1, 3), covariance="all").best
path = hmm.GaussianHMM(2).fit(X).decode(X)[1]
axes = jensen.plot.components(mixture, X)

class Exponential(jensen.Family):
    parameters = {"mean": positive(1.0)}

reveal_type(jensen.Mixture(Exponential(), 2).fit(X).predict(X))
"""


def functions(tree):
    """(class or None, function) of a stub's public functions."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            yield None, node
        elif isinstance(node, ast.ClassDef):
            for member in node.body:
                if isinstance(member, ast.FunctionDef) and not member.decorator_list:
                    yield node.name, member


@pytest.mark.parametrize("path", STUBS, ids=module_of)
def test_stubs_have_the_parameters_of_the_code(path):
    module = importlib.import_module(module_of(path))
    seen = 0
    for owner, function in functions(ast.parse(path.read_text())):
        if owner is not None and owner.startswith("_"):
            continue
        found = getattr(module if owner is None else getattr(module, owner), function.name)
        expected = inspect.signature(found).parameters
        arguments = function.args
        assert arguments.kwarg is None, (owner, function.name)
        assert [one.arg for one in [*arguments.args, *arguments.kwonlyargs]] == list(expected), (owner, function.name)
        given = len(arguments.defaults) + sum(one is not None for one in arguments.kw_defaults)
        assert given == sum(one.default is not one.empty for one in expected.values()), (owner, function.name)
        seen += 1
    assert seen > 3


def test_what_is_public_has_types():
    tree = ast.parse((PACKAGE / "__init__.pyi").read_text())
    known = {getattr(node, "name", None) for node in tree.body} | {"hmm", "parameters", "plot", "__version__"}
    assert set(jensen.__all__) <= known


def test_a_type_checker_takes_it(tmp_path, monkeypatch):
    api = pytest.importorskip("mypy.api")
    monkeypatch.setenv("MYPYPATH", str(pathlib.Path(jensen.__file__).parents[1]))
    (tmp_path / "use.py").write_text(USE)
    out, _, status = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "use.py")])
    assert status == 0, out
    assert "signedinteger" in out or "intp" in out
    (tmp_path / "use.py").write_text(USE + "jensen.GaussianMixture('two').fit(X, speed=3)\n")
    out, _, status = api.run(["--strict", "--cache-dir", str(tmp_path / "cache"), str(tmp_path / "use.py")])
    assert status == 1 and "speed" in out and '"str"' in out
