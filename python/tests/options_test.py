"""Options that all estimators share: constraints, checkpoints, the bar; and what a diagnosis says."""

import sys
import types

import numpy as np
import pytest

import jensen


def test_constraints(faithful):
    free = jensen.GaussianMixture(2, random_state=0).fit(faithful)
    held = jensen.GaussianMixture(2, random_state=0, constraints={
        "fix": {"weight[0]": 0.5}, "tie": [["covariance[#,*]"]], "bound": {"mean[*,1]": (None, 75)}}).fit(faithful)
    assert held.weights_.tolist() == [0.5, 0.5]
    np.testing.assert_array_equal(held.covariances_[0], held.covariances_[1])
    assert held.means_[:, 1].max() <= 75
    assert held.report_.log_likelihood < free.report_.log_likelihood
    assert held.report_.free_parameters == 4 + 3
    errors = held.standard_errors(faithful)
    assert np.isnan(errors["standard_error"][0]) and errors["not_available"][0] != ""
    ordered = jensen.Mixture("poisson", 2, random_state=0, constraints={"order": [["x1.rate[1]", "x1.rate[0]"]]}).fit(
        np.array([[1.0], [2], [1], [9], [10], [12]]))
    rates = ordered.parameters_["value"][2:]
    assert rates[1] <= rates[0]
    chain = jensen.HiddenMarkov(n_components=2, random_state=0, n_init=2,
                                constraints={"fix": {"transition[0,0]": 0.25}}).fit(faithful)
    assert chain.transmat_[0, 0] == 0.25
    for wrong in ({"fix": {"height[0]": 1}}, {"hold": {}}, "weight[0]=1"):
        with pytest.raises(jensen.ArgumentError):
            jensen.GaussianMixture(2, constraints=wrong).fit(faithful)


def test_a_killed_fit_goes_on_to_the_same_bits(faithful, tmp_path):
    options = dict(n_components=3, random_state=4, n_init=3, tol=1e-10)
    steps = []
    whole = jensen.GaussianMixture(**options, callback=lambda step: steps.append(step["iteration"])).fit(faithful)

    def killed(step):
        if step["start"] == 1 and step["iteration"] == 5:
            raise KeyError("power cut")

    path = tmp_path / "fit.state"
    with pytest.raises(KeyError):
        jensen.GaussianMixture(**options, checkpoint=path, callback=killed).fit(faithful)
    assert path.exists()
    seen = []
    again = jensen.GaussianMixture(**options, checkpoint=path, callback=lambda step: seen.append(step["iteration"])).fit(
        faithful)
    np.testing.assert_array_equal(again.means_, whole.means_)
    assert len(seen) < len(steps)
    with pytest.raises(jensen.DataError):
        jensen.GaussianMixture(**{**options, "n_components": 2}, checkpoint=path).fit(faithful)


def test_diagnosis(faithful):
    mixture = jensen.GaussianMixture(2, random_state=0, prior="none", tol=1e-12).fit(faithful)
    found = mixture.diagnose(faithful)
    errors = mixture.standard_errors(faithful)
    np.testing.assert_allclose(found.parameters["standard_error"], errors["standard_error"], rtol=1e-6)
    assert 0 < found.rate < 1
    trace = jensen.GaussianMixture(2, random_state=0, prior="none", tol=1e-12, acceleration="none", n_init=1).fit(
        faithful).report_.trace["gain"]
    assert found.rate**2 == pytest.approx(trace[-3] / trace[-4], rel=0.2)  # gains shrink by the square of EM's rate
    assert "missing_fraction" in repr(found) and "<table>" in found._repr_html_()


def test_the_bar(faithful, monkeypatch):
    shown = []

    class Bar:
        def __init__(self, **options):
            shown.append(options["delay"])

        def set_postfix_str(self, text, refresh):
            shown.append(text)

        def update(self):
            shown.append(1)

        def __del__(self):
            shown.append("closed")

    monkeypatch.setitem(sys.modules, "tqdm", types.ModuleType("tqdm"))
    monkeypatch.setitem(sys.modules, "tqdm.auto", types.SimpleNamespace(tqdm=Bar))
    mixture = jensen.GaussianMixture(2, random_state=0, n_init=2, verbose="bar").fit(faithful)
    assert shown[0] > 0 and shown[-1] == "closed"
    assert shown.count(1) > mixture.n_iter_
    assert any("start 2/2" in text for text in shown if isinstance(text, str))


def test_notebooks_see_tables(faithful):
    mixture = jensen.GaussianMixture(2, random_state=0)
    assert mixture._repr_html_() == "<p><code>GaussianMixture(n_components=2, random_state=0)</code></p>"
    page = mixture.fit(faithful)._repr_html_()
    assert "<strong>converged</strong>" in page and "<td>mean[1,0]</td>" in page
    assert f"<td>{mixture.report_.bic:.6g}</td>" in page
    degenerate = jensen.Report({"outcome": "degenerate", "message": "a < b",
                                "degeneracies": [{"component": 1, "reason": "x < y"}]})
    assert "a &lt; b" in degenerate._repr_html_() and "<li>component 1: x &lt; y</li>" in degenerate._repr_html_()
