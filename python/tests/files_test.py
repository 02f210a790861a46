"""One model file for Python and the command line."""

import json
import subprocess

import numpy as np
import pytest

import jensen
from conftest import SOURCE


def run(tool, *arguments):
    return subprocess.run([tool, *map(str, arguments)], check=True, capture_output=True, text=True, cwd=SOURCE).stdout


def test_python_reads_what_the_tool_wrote(tool, tmp_path, faithful):
    path = tmp_path / "model.json"
    run(tool, "fit", "gaussian-mixture", "data/faithful.csv", "-k", 2, "--restarts", 3, "--seed", 7, "-o", path,
        "--covariance", "VVE")
    loaded = jensen.load(path)
    own = jensen.GaussianMixture(2, covariance_type="VVE", n_init=3, random_state=7).fit(faithful)
    assert loaded.covariance_type == "VVE"
    assert loaded.feature_names_in_.tolist() == ["eruptions", "waiting"]
    np.testing.assert_array_equal(loaded.means_, own.means_)
    np.testing.assert_array_equal(loaded.covariances_, own.covariances_)
    assert loaded.report_.bic == own.report_.bic
    assert loaded.n_iter_ == own.n_iter_
    assert loaded.converged_
    assert loaded.lower_bound_ == pytest.approx(own.lower_bound_)
    assert loaded.prior == "default"


def test_the_tool_reads_what_python_wrote(tool, tmp_path, faithful):
    pandas = pytest.importorskip("pandas")
    path = tmp_path / "model.json"
    frame = pandas.DataFrame(faithful, columns=["eruptions", "waiting"])
    mixture = jensen.GaussianMixture(3, random_state=0).fit(frame)
    mixture.save(path)
    scores = json.loads(run(tool, "score", path, "data/faithful.csv", "--json"))
    np.testing.assert_array_equal(scores["log_density"], mixture.score_samples(frame))
    components = run(tool, "predict", path, "data/faithful.csv").split()[1:]
    np.testing.assert_array_equal(np.array(components, dtype=int), mixture.predict(frame))


def test_save_and_load_keep_every_bit(tmp_path, iris):
    path = tmp_path / "model.json"
    mixture = jensen.GaussianMixture(2, covariance_type="diag", random_state=0, prior="none").fit(iris)
    mixture.save(path)
    loaded = jensen.load(path)
    assert (loaded.covariance_type, loaded.prior) == ("diag", "none")
    assert not hasattr(loaded, "feature_names_in_")
    np.testing.assert_array_equal(loaded.score_samples(iris), mixture.score_samples(iris))
    loaded.save(tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == path.read_bytes()


def test_errors_name_the_file(tmp_path):
    with pytest.raises(jensen.Error, match="absent.json"):
        jensen.load(tmp_path / "absent.json")
    (tmp_path / "wrong.json").write_text('{"format": "other"}')
    with pytest.raises(jensen.DataError, match="wrong.json: format"):
        jensen.load(tmp_path / "wrong.json")
    with pytest.raises(jensen.NotFittedError):
        jensen.GaussianMixture().save(tmp_path / "model.json")
