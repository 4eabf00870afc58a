"""The study behind Figure 3b: its rows against plain code,
its networks, and what is joined from them.
"""

import warnings

import numpy as np
import pandas as pd
import pytest

from bounds import networks
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
    """With exact scores and p_T the share is π but for the steps, which shrinks; the share
    of a density that is the truth is π to 1e-9. Catches a responsibility at the wrong time.
    """
    coarse, fine = (study.truth(1, 0.15, 2.0, n) for n in (30, 60))
    for known in (coarse, fine, study.truth(2, 0.05, 2.0, 10)):
        minor = known.law.weights[1]
        assert study.share(known, known.densities[0]) == pytest.approx(minor, abs=1e-6)
    errors = [
        study.share(k, study.returned(k, k.densities[-1], k.scores)) - 0.15 for k in (coarse, fine)
    ]
    assert errors[0] / errors[1] == pytest.approx(2.2, abs=0.4)


def test_score_error_is_an_expectation():
    """Σ_k γ_k E‖f − s‖² by 400 000 draws of X_t, within 2 %
    (9 standard errors), for scores off by a function of x.
    """
    known = study.truth(1, 0.3, 1.5, 6)
    off = [0.3 * np.sin(known.grid.points) for _ in known.times]
    found, _ = study.judged(known, [s + o for s, o in zip(known.scores, off, strict=True)])
    rng = np.random.default_rng(4)
    x0 = known.law.sample(400_000, rng)
    plain = sum(0.5 * np.mean((0.3 * np.sin(now.x)) ** 2) for now in simulate(x0, known.times, rng))
    assert found["score-error"] == pytest.approx(plain, rel=0.02)


def test_replicates_do_not_see_their_batch():
    """A replicate's rows are the same alone and beside others, networks of both kinds included."""
    joint = cells(SETTINGS)[2] | {"fit": "joint"}
    for cell in (*cells(SETTINGS)[:2], joint):
        together = measure(cell, seeds(5))
        (alone,) = measure(cell, seeds(5)[2:3])
        assert alone == together[2]
        assert measure(cell, seeds(5)[3:]) == together[3:]


def test_methods_share_their_data():
    """More estimators do not change the others' numbers."""
    joint = cells(SETTINGS)[2] | {"fit": "joint"}
    for cell in (*cells(SETTINGS)[:2], joint):
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
    """With a sufficient budget the trained score is near the least-squares truth: N(0, 1) data,
    score −x, to 0.15 root mean square inside two deviations. No warning escapes, and a spent budget
    is recorded as not converged."""
    rng = np.random.default_rng(6)
    path = list(simulate(rng.standard_normal((3000, 1)), np.array([0.5, 0.9]), rng))
    x = np.linspace(-2, 2, 41)[:, None]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        weights = [None, lambda step: step.bootstrap_weight]
        (found,) = train([path], weights, 60, [np.random.default_rng(7)])
        (short,) = train([path], weights, 2, [np.random.default_rng(7)])
        for long, brief in zip(found, short, strict=True):
            assert np.all(np.sqrt(np.mean((long.scores(x) + x) ** 2, axis=1)) < 0.15)
            assert (brief.iterations, brief.converged) == (2.0, 0.0)
            assert brief.loss > long.loss


@pytest.mark.parametrize("train", [perceptron.by_step, perceptron.jointly])
def test_bootstrap_targets_of_a_network(train, monkeypatch):
    """What the networks are given: DSM's −Z/σ² at t_1 and without a weight; else w e^g
    f'(X') − (1 − w) W/τ with the network before, jointly that of the first half. Catches a score
    taken at X_t, e^{−g}, another replicate's data. Read off the data that the losses are made of.
    """
    seen, courses = [], []
    made, adam = networks.Loss.__init__, networks.adam

    def spy(loss, x, y):
        seen.append(y.copy())
        made(loss, x, y)

    def course(*given):
        courses.append(adam(*given))
        return courses[-1]

    monkeypatch.setattr(networks.Loss, "__init__", spy)
    monkeypatch.setattr(networks, "adam", course)
    rng = np.random.default_rng(8)
    times = uniform_grid(0.3, 3)
    paths = [list(simulate(rng.standard_normal((50, 1)), times, rng)) for _ in range(2)]
    rngs = [np.random.default_rng(k) for k in (9, 10)]
    found = train(paths, [None, lambda step: 0.7], 6, rngs)
    steps = np.stack(seen) if not courses else seen[1].reshape(4, 3, 50, 1).transpose(1, 0, 2, 3)

    def before(i, k, x):
        if not courses:
            return found[i][1].scores(x)[k - 1]
        t = np.full((50, 1), times[k - 1])
        return networks.predict(
            courses[0].weights[i : i + 1], np.hstack([x, np.log(t), np.exp(-t)])[None]
        )[0]

    e, tau = np.exp(0.3), np.sqrt(-np.expm1(-0.6))
    for i, path in enumerate(paths):
        for k, now in enumerate(path):
            dsm, bsm = steps[k, 2 * i : 2 * i + 2]
            plain = -now.z / noise_variance(now.step.t)
            np.testing.assert_allclose(dsm, plain)
            if k == 0:
                np.testing.assert_allclose(bsm, plain)
            else:
                wanted = 0.7 * e * before(i, k, path[k - 1].x) - 0.3 * now.w / tau
                np.testing.assert_allclose(bsm, wanted, rtol=1e-9, atol=1e-12)
                assert np.abs(bsm - 0.7 * e * before(i, k, now.x) + 0.3 * now.w / tau).max() > 1e-3


def test_joined_figure(table):
    """Shares, parts and improvements from the CSV by plain means;
    Bonferroni over all comparisons; the words.
    """
    joined = joins.figure_3b(table)
    first = joined.findings.settings[0]
    frame = table.frame
    here = {"m": 80}
    own = column(frame, **here, quantity="sample")
    exact, start = (column(frame, **here, quantity=q)[0] for q in ("exact", "exact-start"))
    shares = {
        m: column(frame, **here, quantity="share", method=m) for m in ("dsm", "bsm", "wrong-level")
    }
    assert first.discretisation == pytest.approx(start - 0.15, rel=1e-12)
    assert first.initialisation == pytest.approx(exact - start, rel=1e-12)
    assert first.sample == pytest.approx(np.sqrt(np.mean((own - 0.15) ** 2)), rel=1e-12)
    estimation = shares["bsm"] - 0.15 - (exact - 0.15) - (own - 0.15)
    assert first.methods["bsm"].estimation == pytest.approx(
        np.sqrt(np.mean(estimation**2)), rel=1e-12
    )
    error = {m: np.abs(s - 0.15).mean() for m, s in shares.items()}
    assert first.methods["bsm"].gain.gain == pytest.approx(
        1 - error["bsm"] / error["dsm"], rel=1e-9
    )
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
    """Clear gain, clear loss, shown to be nothing,
    not shown; more comparisons widen the interval.
    """
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
    """A table without densities, with one budget alone
    or without a first replicate is refused by name.
    """
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
