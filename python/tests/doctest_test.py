"""Examples in docstrings and on the pages about Python are run."""

import doctest
import importlib
import pkgutil

import pytest

import jensen
from conftest import SOURCE

MODULES = ["jensen", *(module.name for module in pkgutil.walk_packages(jensen.__path__, "jensen."))]


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    module = importlib.import_module(name)
    assert doctest.testmod(module).failed == 0


def test_there_are_examples():
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) > 10


@pytest.mark.parametrize("page", ["python.md", "python-models.md"])
def test_page(page, monkeypatch):
    monkeypatch.chdir(SOURCE)
    results = doctest.testfile(str(SOURCE / "docs" / page), module_relative=False)
    assert results.attempted > 5
    assert results.failed == 0
