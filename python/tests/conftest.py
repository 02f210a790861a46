"""Data and tools that several tests use."""

import csv
import json
import os
import pathlib

import numpy as np
import pytest

SOURCE = pathlib.Path(__file__).resolve().parents[2]


def read_columns(path, names=None):
    """A table's numbers; what is no number is NaN."""
    with open(SOURCE / path, newline="") as file:
        rows = list(csv.reader(file))
    header = rows[0]
    chosen = [header.index(name) for name in names or header]

    def number(text):
        try:
            return float(text)
        except ValueError:
            return np.nan

    return np.array([[number(row[j]) for j in chosen] for row in rows[1:]])


def golden_cases(name):
    return json.loads((SOURCE / f"tests/golden/{name}.json").read_text())["cases"]


@pytest.fixture(scope="session")
def faithful():
    X = read_columns("data/faithful.csv", ["eruptions", "waiting"])
    X.flags.writeable = False
    return X


@pytest.fixture(scope="session")
def iris():
    return read_columns("data/iris.csv", ["Sepal.Length", "Sepal.Width", "Petal.Length", "Petal.Width"])


@pytest.fixture(scope="session")
def tool():
    """The command-line tool; the build says where it is."""
    path = os.environ.get("JENSEN_TOOL")
    if not path:
        pytest.skip("JENSEN_TOOL does not name the command-line tool")
    return path
