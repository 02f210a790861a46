"""Data and tools that several tests use."""

import csv
import json
import os
import pathlib
import subprocess
import sys
import xml.etree.ElementTree

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


def run_others_tests(folder, shim, modules, **environment):
    """Runs tests of installed packages after `shim`: the names of those that failed, each with the parameters that it
    failed for, and how many passed."""
    (folder / "in_place.py").write_text(shim)
    report = folder / "report.xml"
    path = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "in_place", "-p", "no:cacheprovider", "-W", "ignore", "-q",
         f"--junitxml={report}", "--pyargs", *modules],
        cwd=folder, env={**os.environ, **environment, "PYTHONPATH": path}, capture_output=True, check=False)
    failed, passed = {}, 0
    for case in xml.etree.ElementTree.parse(report).iter("testcase"):
        if case.find("failure") is not None or case.find("error") is not None:
            name, _, parameters = case.get("name").partition("[")
            failed.setdefault(name, []).append(parameters)
        elif case.find("skipped") is None:
            passed += 1
    return failed, passed
