"""What a reader sees who prints one of our objects: one short line that says which it is."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from bounds.divergence import Normal
from bounds.features import Radial, feature_grams
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import Gram, exact
from bounds.joint import joint_risk
from bounds.mixture import Mixture
from bounds.process import Step, simulate
from bounds.reverse import Parts
from figures.catalog import FIGURES
from figures.data import FigureData
from studies.catalog import STUDIES
from studies.tables import read

LAW = Gaussian(spectrum("linear", 200))
PAPER = Path(__file__).parent.parent / "figures" / "results" / "kumar_2025"
RNG = np.random.default_rng(1)
X0 = RNG.standard_normal((50, 3))
ONES = np.ones((2, 3, 4, 4))


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (lambda: LAW, "Gaussian(d = 200, eigenvalues 0.3 … 3)"),
        (
            lambda: Gaussian(np.array([1.0]), np.eye(1)),
            "Gaussian(d = 1, eigenvalues 1 … 1, rotated)",
        ),
        (lambda: next(exact(LAW, 999, [0.1], RNG)), "Gram(0 → 0.1, m = 999, d = 200)"),
        (
            lambda: next(exact(LAW, 999, [0.1], [RNG, RNG])),
            "Gram(0 → 0.1, m = 999, d = 200, replicates 2)",
        ),
        (
            lambda: Gram(Step(0.1, 0.5), 9, ONES, ONES, ONES, redraws=2),
            "Gram(0.1 → 0.5, m = 9, K = 2, d = 4, replicates 2×3)",
        ),
        (lambda: Step(0.0, 0.1), "Step(0.0 → 0.1)"),
        (lambda: next(simulate(X0, [0.5], RNG)), "Slice(0 → 0.5, m = 50, d = 3)"),
        (
            lambda: Mixture(np.array([0.7, 0.3]), np.zeros((2, 3)), np.eye(3)),
            "Mixture(2 components, d = 3, weights 0.3 … 0.7)",
        ),
        (lambda: Radial(X0, 1.5), "Radial(50 centres, d = 3, width 1.5)"),
        (
            lambda: next(feature_grams(X0, np.array([0.5]), Radial(X0[:4], 1.0), RNG)),
            "FeatureGram(0 → 0.5, m = 50, p = 8, d = 3)",
        ),
        (lambda: Normal(np.zeros((7, 3)), np.eye(3)), "Normal(7 laws, d = 3)"),
        (lambda: Normal(np.zeros(3), np.eye(3)), "Normal(d = 3)"),
        (
            lambda: Normal(np.zeros((5, 1, 3)), np.stack([np.eye(3)] * 2)),
            "Normal(5×2 laws, d = 3)",
        ),
        (
            lambda: Parts(*np.arange(4.0)),
            "Parts(total 0, discretisation 1, initialisation 2, score 3)",
        ),
        (
            lambda: Parts(*np.arange(8.0).reshape(4, 2)),
            "Parts(total mean 0.5, discretisation mean 2.5, initialisation mean 4.5, "
            "score mean 6.5)",
        ),
        (
            lambda: joint_risk(Gaussian(np.ones(2)), [0.1, 0.2, 0.4, 0.8]),
            "JointRisk(4 times; at the one of largest variance: ",
        ),
        (lambda: STUDIES[0], "Study('error-vs-timestep', presets: quick, paper, deep)"),
        (lambda: read(PAPER, "small-samples", ("d",)), "Table(small-samples: "),
        (
            lambda: next(f for f in FIGURES if f.name == "figure-3a").sample(),
            "FigureData(figure-3a: ",
        ),
    ],
)
def test_one_short_line(made: Callable[[], object], says: str) -> None:
    """At most 250 characters of one line, however many numbers the object holds."""
    shown = repr(made())
    assert shown.startswith(says) and len(shown) < 250 and "\n" not in shown
    if says.endswith(")"):
        assert shown == says


def test_of_many_tables() -> None:
    """No repr of a catalog's study or a figure's sample is long."""
    for one in STUDIES:
        assert len(repr(one)) < 100
    for make in (figure.sample for figure in FIGURES):
        data = make()
        assert isinstance(data, FigureData) and len(repr(data)) < 400
