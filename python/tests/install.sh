#!/usr/bin/env bash
# install.sh PYTHON SOURCE BUILD: builds the wheel as `pip install .` does, installs it into an empty folder and fits
# with it from elsewhere. The build stays in BUILD/../python-wheel, so that the next one is quick.
set -euo pipefail
python=${1:?usage: install.sh PYTHON SOURCE BUILD} source=${2:?} build=${3:?}

folder=$build/python-install
rm -rf "$folder"
mkdir -p "$folder/wheel"
"$python" -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation --wheel-dir "$folder/wheel" \
    -C "build-dir=$(dirname "$build")/python-wheel" -C cmake.define.JENSEN_WARNINGS_AS_ERRORS=ON "$source"
"$python" -m pip install --quiet --disable-pip-version-check --no-deps --target "$folder/site" "$folder"/wheel/*.whl

cd "$folder"
PYTHONPATH=$folder/site "$python" - "$folder" <<'PYTHON'
import pathlib
import sys

import numpy as np

import jensen

assert pathlib.Path(jensen.__file__).is_relative_to(sys.argv[1]), jensen.__file__
assert "sklearn" not in sys.modules and "pandas" not in sys.modules, "needed NumPy alone until now"
X = np.random.default_rng(0).normal(size=(100, 2)) + np.repeat([[0], [9]], 50, axis=0)
mixture = jensen.GaussianMixture(2, random_state=0).fit(X)
assert mixture.converged_ and sorted(np.bincount(mixture.predict(X))) == [50, 50]
assert not [*pathlib.Path(sys.argv[1], "site").glob("include"), *pathlib.Path(sys.argv[1], "site").glob("lib")]
print("jensen", jensen.__version__, "from", *[p.name for p in pathlib.Path("wheel").iterdir()])
PYTHON
