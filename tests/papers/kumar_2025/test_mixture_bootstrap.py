"""The study behind Figure 3b: its rows against plain code, its networks, and what is joined from them."""

import warnings

import numpy as np
import pandas as pd
import pytest

from bounds.check import InvalidInput
from bounds.process import noise_variance, simulate, uniform_grid
from figures.data import BadTable, FigureData
from figures.papers.kumar_2025 import figure_3b
from studies import tables
from studies.papers.kumar_2025 import joins, perceptron
from studies.papers.kumar_2025 import mixture_bootstrap as study
from studies.papers.kumar_2025.joins.figure_3b import improvement
from studies.papers.kumar_2025.mixture_bootstrap import STUDY, Case, MixtureSettings, cells, measure
from studies.study import parse_settings
from studies.sweep import run

SETTINGS = MixtureSettings(
    replicates=6,
    seed=5,
    cases=(
        Case(steps=6, m=80, estimators=("dsm", "bsm", "bsm-half", "wrong-level")),
        Case(learner="network", steps=5, m=60, budget=3, estimators=("dsm", "bsm"), picture=True),
        Case(learner="network", steps=5, m=60, budget=8, estimators=("dsm", "bsm")),
        Case(m=50, steps=4, estimators=("dsm", "bsm"), most=4),
    ),
)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    out = tmp_path_factory.mktemp("mixture")
    run(STUDY, SETTINGS, out, progress=False)
    return tables.read(out, STUDY.name, STUDY.columns)


def seeds(count):
    return [np.random.SeedSequence(3, spawn_key=(1, k)) for k in range(count)]


def column(frame, **where):
    keep = np.logical_and.reduce([frame[k] == v for k, v in where.items()])
    return frame[keep].sort_values("replicate")["value"].to_numpy()


def test_parts_add_up_and_the_truth_has_none():
    """With exact scores and p_T the share is π but for the steps, which shrinks; the share of a density that is the
    truth is π to 1e-9. Catches a responsibility at the wrong time."""
    coarse, fine = (study.truth(1, 0.15, 2.0, n) for n in (30, 60))
    for known in (coarse, fine, study.truth(2, 0.05, 2.0, 10)):
        minor = known.law.weights[1]
        assert study.share(known, known.densities[0]) == pytest.approx(minor, abs=1e-6)
    errors = [study.share(k, study.returned(k, k.densities[-1], k.scores)) - 0.15 for k in (coarse, fine)]
    assert errors[0] / errors[1] == pytest.approx(2.2, abs=0.4)


def test_score_error_is_an_expectation():
    """Σ_k γ_k E‖f − s‖² by 400 000 draws of X_t, within 2 % (9 standard errors), for scores off by a function of x."""
    known = study.truth(1, 0.3, 1.5, 6)
    off = [0.3 * np.sin(known.grid.points) for _ in known.times]
    found, _ = study.judged(known, [s + o for s, o in zip(known.scores, off, strict=True)])
    rng = np.random.default_rng(4)
    x0 = known.law.sample(400_000, rng)
    plain = sum(0.5 * np.mean((0.3 * np.sin(now.x)) ** 2) for now in simulate(x0, known.times, rng))
    assert found["score-error"] == pytest.approx(plain, rel=0.02)


def test_replicates_do_not_see_their_batch():
    """A replicate's rows are the same alone and beside others, networks included."""
    for cell in cells(SETTINGS)[:2]:
        together = measure(cell, seeds(3))
        (alone,) = measure(cell, seeds(3)[2:])
        assert alone == together[2]


def test_methods_share_their_data():
    """More estimators do not change the others' numbers."""
    cell = cells(SETTINGS)[0]
    few = measure(cell | {"estimators": ["dsm"]}, seeds(2))
    many = measure(cell, seeds(2))
    for a, b in zip(few, many, strict=True):
        assert all(row in b for row in a)


def test_most_bounds_the_replicates(table):
    frame = table.frame
    assert set(frame.loc[frame["m"] == 50, "replicate"]) == {0, 1, 2, 3}
    assert set(frame.loc[frame["budget"] == 3, "replicate"]) == set(range(6))


@pytest.mark.parametrize("train", [perceptron.by_step, perceptron.jointly])
def test_network_learns_the_score(train):
    """With a sufficient budget the trained score is near the least-squares truth: N(0, 1) data, score −x, to 0.15 root
    mean square inside two deviations. No warning escapes, and a spent budget
    is recorded as not converged."""
    rng = np.random.default_rng(6)
    path = list(simulate(rng.standard_normal((3000, 1)), np.array([0.5, 0.9]), rng))
    x = np.linspace(-2, 2, 41)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for weight in (None, lambda step: step.bootstrap_weight):
            found = train(path, weight, 60, np.random.default_rng(7))
            assert all(np.sqrt(np.mean((f(x) + x) ** 2)) < 0.15 for f in found.scores)
            short = train(path, weight, 2, np.random.default_rng(7))
            assert (short.iterations, short.converged) == (2.0, 0.0)
            assert short.loss > found.loss


def test_bootstrap_targets_of_a_network(monkeypatch):
    """What the networks are given: DSM's −Z/σ² at t_1; then w e^g f'(X') − (1 − w) W/τ with the network before. Catches
    a score taken at X_t, and e^{−g}. Read off the calls."""
    seen = []
    inner = perceptron._fit

    def spy(network, inputs, targets):
        seen.append((inputs, targets))
        return inner(network, inputs, targets)

    monkeypatch.setattr(perceptron, "_fit", spy)
    rng = np.random.default_rng(8)
    path = list(simulate(rng.standard_normal((50, 1)), uniform_grid(0.3, 3), rng))
    found = perceptron.by_step(path, lambda step: 0.7, 5, np.random.default_rng(9))
    np.testing.assert_allclose(seen[0][1], -path[0].z / noise_variance(0.3))
    g, tau = 0.3, np.sqrt(-np.expm1(-0.6))
    for k in (1, 2):
        wanted = 0.7 * np.exp(g) * found.scores[k - 1](path[k - 1].x) - 0.3 * path[k].w / tau
        np.testing.assert_allclose(seen[k][1], wanted, rtol=1e-10)
        decoy = 0.7 * np.exp(g) * found.scores[k - 1](path[k].x) - 0.3 * path[k].w / tau
        assert np.abs(seen[k][1] - decoy).max() > 1e-3


def test_joined_figure(table):
    """Shares, parts and improvements from the CSV by plain means; Bonferroni over all comparisons; the words."""
    joined = joins.figure_3b(table)
    first = joined.findings.settings[0]
    frame = table.frame
    here = {"m": 80}
    own = column(frame, **here, quantity="sample")
    exact, start = (column(frame, **here, quantity=q)[0] for q in ("exact", "exact-start"))
    shares = {m: column(frame, **here, quantity="share", method=m) for m in ("dsm", "bsm", "wrong-level")}
    assert first.discretisation == pytest.approx(start - 0.15, rel=1e-12)
    assert first.initialisation == pytest.approx(exact - start, rel=1e-12)
    assert first.sample == pytest.approx(np.sqrt(np.mean((own - 0.15) ** 2)), rel=1e-12)
    estimation = shares["bsm"] - 0.15 - (exact - 0.15) - (own - 0.15)
    assert first.methods["bsm"].estimation == pytest.approx(np.sqrt(np.mean(estimation**2)), rel=1e-12)
    error = {m: np.abs(s - 0.15).mean() for m, s in shares.items()}
    assert first.methods["bsm"].gain.gain == pytest.approx(1 - error["bsm"] / error["dsm"], rel=1e-9)
    assert joined.findings.comparisons == 6
    assert len(joined.tables["gains"]) == 5
    assert set(joined.tables["densities"]["curve"]) == {"truth", "exact", "dsm", "bsm"}
    at = joined.tables["densities"]
    drawn = frame[(frame["quantity"] == "density") & (frame["method"] == "bsm")]
    x = drawn["x"].iloc[30]
    some = drawn[drawn["x"] == x]["value"]
    mine = at[(at["curve"] == "bsm") & (at["x"] == x)].iloc[0]
    assert mine["value"] == pytest.approx(some.mean())
    assert (mine["q05"], mine["q95"]) == pytest.approx(tuple(np.percentile(some, [5, 95])))


def test_what_is_joined_can_be_drawn(table):
    """The figure's own checks pass on its join; without one of the tables they do not."""
    joined = joins.figure_3b(table)
    figure_3b.draw(FigureData("figure-3b", joined.tables, joined.facts))
    assert joined.findings.run.missing == 0
    for name in joined.tables:
        fewer = {key: value for key, value in joined.tables.items() if key != name}
        with pytest.raises(BadTable, match="the table is missing"):
            figure_3b.draw(FigureData("figure-3b", fewer, joined.facts))


def test_words_of_improvement():
    """Clear gain, clear loss, shown to be nothing, not shown; more comparisons widen the interval."""
    rng = np.random.default_rng(10)
    base = 1 + 0.1 * rng.random(50)
    noise = rng.standard_normal(50)
    for other, word in (
        (0.8 * base, "helps"),
        (1.2 * base, "hurts"),
        (base + 0.02 * noise, "nothing"),
        (base + 0.9 * noise, "undecided"),
    ):
        assert improvement(base, other + 1e-3 * noise, 10).word == word
    narrow, wide = (improvement(base, base + noise, c) for c in (1, 100))
    assert wide.high - wide.low > 1.5 * (narrow.high - narrow.low)


def test_no_picture_no_figure(table):
    """A table without densities, with one budget alone or without a first replicate is refused by name."""
    frame = table.frame
    later = frame[(frame["replicate"] > 0) | (frame["budget"] > 0)]
    for kept in (frame[frame["quantity"] != "density"], frame[frame["budget"] != 8], later):
        with pytest.raises(InvalidInput, match="cases"):
            joins.figure_3b(tables.Table(pd.DataFrame(kept), table.manifest))


@pytest.mark.parametrize(
    ("key", "fields"),
    [
        ("estimators", {"estimators": ("bsm",)}),
        ("estimators", {"estimators": ("dsm", "dsm")}),
        ("estimators", {"estimators": ("dsm", "none")}),
        ("estimators", {"estimators": ("dsm", "bsm-half"), "fit": "joint"}),
        ("estimators", {"estimators": ("dsm", "wrong-level"), "learner": "network", "budget": 3}),
        ("budget", {"budget": 3}),
        ("budget", {"learner": "network"}),
        ("picture", {"picture": True, "d": 2}),
    ],
)
def test_bad_cases(key, fields):
    with pytest.raises(InvalidInput) as caught:
        parse_settings(MixtureSettings, {"replicates": 2, "seed": 1, "cases": [fields]}, "x.toml")
    assert caught.value.key == f"cases.0.{key}"


def test_cases_differ():
    cases = [{}, {"estimators": ["dsm"]}]
    with pytest.raises(InvalidInput, match="twice"):
        parse_settings(MixtureSettings, {"replicates": 2, "seed": 1, "cases": cases}, "x.toml")


def test_report_rests_on_fifty_training_sets():
    """The paper preset gives every method at least 50 of them."""
    settings = STUDY.presets["paper"]
    assert isinstance(settings, MixtureSettings)
    assert settings.replicates >= 50
    assert all(case.most == 0 or case.most >= 50 for case in settings.cases)
