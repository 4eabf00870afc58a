"""The lessons: each runs as a script, says what it must,
and its exercises' answers are right, by other routes.
"""

import ast
import html
import importlib
import importlib.util
import json
import re
import sys
from collections.abc import Callable
from functools import cache
from inspect import cleandoc
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from scipy import integrate, stats

import dimfree
from bounds.gaussian import Gaussian, spectrum
from bounds.gram import exact
from bounds.reverse import error_split, exact_scores
from tests.lessons import IN_EVERY_LESSON, TERMS, Checks

ROOT = Path(dimfree.__file__).parent
FILES = sorted(
    (ROOT / "lessons").glob("lesson_*.py"), key=lambda path: int(path.stem.split("_")[1])
)
NAMES = [path.stem for path in FILES]
# What the cell with the switch defines besides: a lesson is run again with the decoy planted.
BESIDE: dict[str, dict[str, float]] = {
    "lesson_02_regression": {"samples": 16},
    "lesson_03_dimension": {"replicates": 320},
    "lesson_04_martingales": {"spacing": 0.1},
    "lesson_05_bootstrapping": {"step": 0.1},
    "lesson_06_samples": {"levels": 257},
}
# Two settings of each lesson's sliders.
SETTINGS: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "lesson_01_tweedie": ((2.5, 0.3), (2.5, 0.35)),
    "lesson_02_regression": ((8, 28, 0.5), (9, 29, 0.5)),
    "lesson_03_dimension": ((3, 3), (4, 3)),
    "lesson_04_martingales": ((60, 5), (60, 6)),
    "lesson_05_bootstrapping": ((1.0, 0.1), (1.1, 0.1)),
    "lesson_06_samples": ((4, 3.0, "ancestral", "BSM"), (5, 3.0, "ancestral", "BSM")),
    "lesson_07_log_log": (("constant", 10, 0.05), ("constant", 10, 0.1)),
}


def checks(name: str) -> Checks:
    """What is known of a lesson: here, or beside the tests
    of the work that it is named after, as LESSON.
    """
    if name in SETTINGS:
        return Checks(SETTINGS[name], ANSWERS[name], BESIDE.get(name, {}), TERMS[name])
    found: Checks = importlib.import_module(f"tests.papers.test_{name.split('_', 2)[2]}").LESSON
    return found


@cache
def lesson(name: str) -> ModuleType:
    """A lesson as a module; lessons are a folder of scripts and no package."""
    folder = str(ROOT / "lessons")
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(name, ROOT / "lessons" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@cache
def ran(name: str) -> tuple[str, dict[str, Any]]:
    """What a lesson shows when it is run as a script, and what it defines."""
    outputs, definitions = lesson(name).app.run()
    return "\n".join(o.text for o in outputs if hasattr(o, "text")), dict(definitions)


def verdict(shown: str) -> str:
    """The box with the verdict, as HTML; marimo hands it over as JSON in an attribute."""
    (said,) = re.findall(r"<marimo-callout-output data-html='([^']*)'", shown)
    return str(json.loads(html.unescape(said)))


def test_they_are_numbered() -> None:
    """From 1 on, each with what is checked of it; seven are nobody's, the others a work's."""
    assert [name.split("_")[1] for name in NAMES] == [f"{k:02}" for k in range(1, len(NAMES) + 1)]
    assert set(SETTINGS) == set(NAMES[:7])
    assert all(len(checks(name).answers) == 3 for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_runs_and_holds(name: str) -> None:
    """A question first, sliders, a picture with a text,
    formulas that are, a verdict, three exercises.
    """
    shown, defined = ran(name)
    assert shown.index("Question.") < min(
        shown.index(tag) for tag in ("<marimo-slider", "<img", "Break it")
    )
    assert re.search(r'<img alt="[^"]{30,}" src="data:image/svg\+xml;base64,', shown)
    assert "$" not in shown, "a formula was not taken for one"
    said = verdict(shown)
    assert "<strong>HOLDS</strong>" in said
    assert not re.search("[_^]|[A-Z]\\d", re.sub("<[^>]*>", " ", said)), "a formula as it is typed"
    assert len(defined["exercises"]) == 3


@pytest.mark.parametrize("name", NAMES)
def test_the_planted_decoy_is_caught(name: str) -> None:
    """The lesson's own lesson: the same cell with the decoy in the formula's place says REFUTED."""
    beside = {key: SimpleNamespace(value=value) for key, value in checks(name).beside.items()}
    outputs, _ = lesson(name).app.run(defs={"planted": SimpleNamespace(value=True), **beside})
    said = verdict("\n".join(o.text for o in outputs if hasattr(o, "text")))
    assert "<strong>REFUTED</strong>" in said


@pytest.mark.parametrize("name", NAMES)
def test_a_slider_moves_the_picture(name: str) -> None:
    """One step of a slider is another picture and another number;
    the same setting is the same bytes.
    """
    before, after = (lesson(name).show(*setting).text for setting in checks(name).settings)
    assert before != after
    assert lesson(name).show(*checks(name).settings[0]).text == before
    numbers = [re.findall(r"<strong[^>]*>([^<]*)</strong>", text) for text in (before, after)]
    assert numbers[0] != numbers[1]


# --- its words ------------------------------------------------------------------------------------

LETTERS = {"gamma": "γ", "delta": "δ", "kappa": "κ", "lambda": "λ", "sigma": "σ", "omega": "ω"}


def paragraphs(name: str) -> list[str]:
    """All text of a lesson in the page's order, without headings: markdown, labels, exercises."""
    found = []
    for cell in ast.parse((ROOT / "lessons" / f"{name}.py").read_text(encoding="utf-8")).body:
        if not isinstance(cell, ast.FunctionDef):
            continue
        nodes = [node for statement in cell.body for node in ast.walk(statement)]
        if any(isinstance(node, ast.Name) and node.id == "break_it" for node in nodes):
            found.append(importlib.import_module("teaching").BREAK_IT)
        texts = [n for n in nodes if isinstance(n, ast.Constant) and isinstance(n.value, str)]
        docstring = ast.get_docstring(cell, clean=False)
        for node in sorted(texts, key=lambda n: (n.lineno, n.col_offset)):
            if node.value != docstring:
                found += cleandoc(str(node.value)).split("\n\n")
    for word, letter in LETTERS.items():
        found = [text.replace(f"\\{word}", letter) for text in found]
    return [" ".join(text.split()) for text in found if not text.startswith("#")]


def explained(term: str, words: str, texts: list[str]) -> bool:
    """Whether the paragraph that has the term first, or the next one, has the words. A symbol is
    looked for as it is, a word with any ending and either case.
    """
    symbol = "_" in term or len(term) < 4
    end, flags = ("(?![A-Za-z])", 0) if symbol else ("", re.IGNORECASE)
    sought = re.compile(rf"(?<![A-Za-z\\]){re.escape(term)}{end}", flags)
    first = next((k for k, text in enumerate(texts) if sought.search(text)), len(texts))
    return words in " ".join(texts[first : first + 2])


@pytest.mark.parametrize("name", NAMES)
def test_a_term_is_explained_where_it_comes_first(name: str) -> None:
    """In its paragraph or the next. It would catch an explanation that was cut, or a label, a
    sentence or an exercise put before it that has the term already: planted for each here.

    Decoy: "W_2 stands on the axis, and what it is, three paragraphs below".
    """
    lesson(name)  # puts the folder where teaching is found
    texts = paragraphs(name)
    terms = {**checks(name).terms, **IN_EVERY_LESSON}
    assert len(terms) > len(IN_EVERY_LESSON) + 3
    assert [term for term in terms if not explained(term, terms[term], texts)] == []
    for term, words in terms.items():
        assert not explained(term, words, [f"{term} on an axis", "…", *texts])


# --- the answers, each by another route than the library's formula --------------------------------


def e(t: float) -> float:
    return float(np.exp(-t))


def noise(t: float) -> float:
    return 1 - float(np.exp(-2 * t))


def log_density(x: float, t: float, variance: float) -> float:
    """log p_t(x) for N(0, variance) data, by quadrature over X_0."""

    def joint(y: float) -> float:
        return float(
            stats.norm.pdf(y, 0, variance**0.5) * stats.norm.pdf(x, e(t) * y, noise(t) ** 0.5)
        )

    return float(np.log(integrate.quad(joint, -30, 30, points=[0])[0]))


def posterior_variance(x: float, t: float, variance: float) -> float:
    """Var(X_0 | X_t = x), by sums over a fine grid."""
    y = np.linspace(-20, 20, 200001)
    p = stats.norm.pdf(y, 0, variance**0.5) * stats.norm.pdf(x, e(t) * y, noise(t) ** 0.5)
    p /= p.sum()
    return float(p @ y**2 - (p @ y) ** 2)


def residual_covariance(t: float, t_prev: float, variance: float = 1.0) -> float:
    """Cov(U_t, U_{t'}), t' ≤ t, by writing both out in X_0, Z_{t'} and the noise since."""
    v, v_prev = (e(2 * s) * variance + noise(s) for s in (t, t_prev))
    of_x0 = (e(t) / v) * (e(t_prev) / v_prev) * variance
    return of_x0 + (1 / noise(t) - 1 / v) * (1 / noise(t_prev) - 1 / v_prev) * e(
        t - t_prev
    ) * noise(t_prev)


EIGENVALUES = np.linspace(0.3, 3, 8)
STEPS = [(0.1 * k, 0.1 * (k + 1)) for k in range(1, 20)]


def bootstrap_sum() -> float:
    """Σ_ij r_ij at t = 2 by the error's own definition:
    fresh covariance plus what is carried, entry by entry.
    """
    total = 0.0
    for row in EIGENVALUES:
        for column in EIGENVALUES:
            r = residual_covariance(0.1, 0.1, row)
            for before, t in STEPS:
                alpha = residual_covariance(t, before) / residual_covariance(before, before)
                c, c_prev = residual_covariance(t, t, row), residual_covariance(before, before, row)
                v, v_prev = (e(2 * s) * column + noise(s) for s in (t, before))
                w = alpha * e(t - before)
                r = c - alpha**2 * c_prev + w**2 * (v_prev / v) * r
            total += r
    return total


def dsm_sum() -> float:
    return 8 * sum(residual_covariance(2.0, 2.0, value) for value in EIGENVALUES)


def information_sum() -> float:
    """Σ_ij of the plug-in score's error,
    from the derivative of V^{-1} along a perturbation of Σ.
    """
    v = e(4.0) * EIGENVALUES + noise(2.0)
    spread = np.outer(EIGENVALUES, EIGENVALUES) * (1 + np.eye(8))
    return float(np.sum(e(4.0) ** 2 * spread / np.outer(v, v) ** 2 * v[None, :]))


def start_part(last: float) -> float:
    law = Gaussian(spectrum("linear", 4))
    times = np.linspace(0.1, last, 400)
    return float(error_split(law, times, exact_scores(law, times), "ancestral").w2.initialisation)


def kl_part(steps: int) -> float:
    law = Gaussian(spectrum("linear", 4))
    times = np.linspace(0.1, 2.1, steps)
    return float(error_split(law, times, exact_scores(law, times), "exponential").kl.discretisation)


def score_part(m: int) -> float:
    law = Gaussian(spectrum("linear", 4))
    times = np.linspace(0.1, 2.1, 20)
    generators = [np.random.default_rng([8, k]) for k in range(200)]
    scores = np.stack(
        list(lesson("lesson_06_samples").dsm(exact(law, m, times, generators))), axis=1
    )
    return float(error_split(law, times, scores, "flow").w2.score.mean())


def tilt(d: float) -> float:
    h = 1e-6
    low, high = (-np.log(np.log(np.log(d) + shift)) for shift in (-h, h))
    return float((high - low) / (2 * h))


C = residual_covariance(0.5, 0.5)
ANSWERS: dict[str, tuple[Callable[[], float], ...]] = {
    "lesson_01_tweedie": (
        lambda: (log_density(1.001, 0.5, 1) - log_density(0.999, 0.5, 1)) / 0.002,
        lambda: float(
            integrate.solve_ivp(lambda s, v: 2 - 2 * v, (0, 0.5), [4.0], rtol=1e-8).y[0, -1]
        ),
        lambda: (e(0.5) / noise(0.5)) ** 2 * posterior_variance(0.7, 0.5, 4),
    ),
    "lesson_02_regression": (
        lambda: 8 * C * 8 * stats.chi2(20 - 8 + 1).expect(lambda x: 1 / x),
        # Near 0 the density of χ²_k is like x^{k/2 − 1}: E 1/χ²_k is finite from k = 3 on, and k =
        # m − d + 1.
        lambda: min(m for m in range(8, 20) if (m - 8 + 1) / 2 - 2 > -1),
        lambda: 128 * 128 / (64 * 64),
    ),
    "lesson_03_dimension": (
        lambda: 8 * C * np.log(1000 / 0.05) / 1000,
        lambda: 1024**2 / 16**2,
        lambda: np.log(6 * np.log(10)) / np.log(np.log(16)),
    ),
    "lesson_04_martingales": (
        lambda: 2 * np.exp(0.1),
        lambda: integrate.quad(
            lambda u: np.exp(u) * residual_covariance(np.exp(u), np.exp(u)),
            np.log(1e-6),
            np.log(1e-3),
        )[0],
        lambda: residual_covariance(0.5, 0.3),
    ),
    "lesson_05_bootstrapping": (
        lambda: e(0.1) * residual_covariance(0.2, 0.1) / residual_covariance(0.1, 0.1),
        lambda: bootstrap_sum() / dsm_sum(),
        lambda: bootstrap_sum() / information_sum(),
    ),
    "lesson_06_samples": (
        lambda: start_part(3.0) / start_part(4.0),
        lambda: kl_part(201) / kl_part(401),
        lambda: (score_part(10**4) / score_part(4 * 10**4)) ** 2,
    ),
    "lesson_07_log_log": (
        lambda: tilt(64),
        lambda: min(d for d in range(2, 9) if np.log(np.log(d)) > 0),
        lambda: np.log(10 * np.log(2)) / np.log(2 * np.log(2)),
    ),
}


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("4,096", [4096, 4.096]),
        ("−1,234,567.5", [-1234567.5]),
        ("2,21", [2.21]),
        ("0,096", [0.096]),
        ("4096", [4096]),
        (" 1e-3 ", [0.001]),
        ("4 096", [4096]),
        ("", []),
        ("inf", []),
        ("1,2,3", []),
    ],
)
def test_a_typed_number_is_read(typed: str, meant: list[float]) -> None:
    """With separators of thousands, or a decimal comma."""
    lesson(NAMES[0])  # puts the folder where teaching is found
    assert importlib.import_module("teaching").read(typed) == meant


@pytest.mark.parametrize("name", NAMES)
def test_the_answers_are_not_on_the_screen(name: str) -> None:
    """No exercise is answered by a number that stands there before anybody has moved a slider; the
    ways to the answers are folded up.

    Small whole numbers are everywhere, and are not looked for.
    """
    outputs, defined = lesson(name).app.run()
    parts = [o.text for o in outputs if hasattr(o, "text") and "## Exercises" not in o.text]
    shown = " ".join(part for part in parts if "Exercises" not in part)
    # Attributes hold pictures and the sliders' steps.
    told = re.sub(r"<[^>]*>", " ", shown)
    numbers = [float(one.replace("−", "-")) for one in re.findall(r"[-−]?\d+(?:\.\d+)?", told)]
    for k, exercise in enumerate(defined["exercises"]):
        if exercise.answer == int(exercise.answer) and abs(exercise.answer) < 100:
            continue
        same = [one for one in numbers if exercise.is_right(one) and one != int(one)]
        assert not same, f"exercise {k + 1} is answered by {same}"


@pytest.mark.parametrize("name", NAMES)
def test_every_axis_says_what_it_is(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both ways, on every panel of a lesson's picture, and no formula as it is typed: X_t."""
    drawn = []
    module = lesson(name)
    picture = module.picture

    def kept(figure: Any, alt: str) -> Any:
        drawn.append(figure)
        return picture(figure, alt)

    monkeypatch.setattr(module, "picture", kept)
    module.show(*checks(name).settings[0])
    (figure,) = drawn
    for axes in figure.axes:
        assert axes.get_xlabel() and axes.get_ylabel()
        said = [axes.get_xlabel(), axes.get_ylabel(), *axes.get_legend_handles_labels()[1]]
        assert not any("_" in re.sub(r"\$[^$]*\$", "", text) for text in said), said


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("k", range(3))
def test_answer(name: str, k: int) -> None:
    """The typed answer is the computed one;
    the usual mistake is told so, with its hint, and what is far off is not.
    """
    exercise = ran(name)[1]["exercises"][k]
    computed = float(checks(name).answers[k]())
    assert exercise.is_right(computed), (computed, exercise.answer)
    # The typed digits are right to a tenth of what is asked of the student, save where asymptotics
    # are the answer.
    if name != "lesson_06_samples":
        assert abs(computed - exercise.answer) <= 0.1 * exercise.tolerance * abs(exercise.answer), (
            computed
        )
    assert not exercise.is_right(exercise.mistake)
    assert exercise.reply(str(exercise.answer)).startswith("**Right.**")
    assert exercise.reply(str(exercise.mistake)) == f"Not quite. {exercise.hint}"
    assert exercise.reply(str(10 * abs(exercise.answer))) == "No. Too large."
    assert exercise.reply("") == "…"
    assert exercise.reply("many") == exercise.reply("nan") == "A number, please."
    assert exercise.reply(str(exercise.answer).replace(".", ",").replace("-", "−")).startswith(
        "**Right.**"
    )
