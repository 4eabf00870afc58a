"""The wall: what a claim predicts with, its measurement does not reach.
Held by syntax trees, over all claims.

A formula is followed through its paper's modules; each name of bounds that it uses there is its
own. A measurement is followed from its study's measure() through studies and bounds, to any depth.
What both have must be a primitive.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import pytest

from bounds.claim import Claim, Formula
from bounds.ledger import CLAIMS, claim
from studies.catalog import study
from studies.quantities import measured_by, study_of
from tests.trees import Reach, Sources, nodes_of, parts_of, sources

PRIMITIVES = {
    # words and gates: they hold and refuse numbers, and make none
    "bounds.check": "types, and checks of arguments",
    "bounds.claim": "what a claim and a measured number are",
    # the process, the same for every law: constants of the notation in which a cell is written
    "bounds.process.decay": "e_t",
    "bounds.process.noise_variance": "σ_t²",
    "bounds.process.weights": "γ_j of a grid",
    "bounds.process.uniform_grid": "the times of a cell that names Δ and N",
    "bounds.process.steps": "a grid as pairs of times",
    "bounds.process.Step": "two times with e^{−g} and τ²",
    # a law as it is given
    "bounds.gaussian.Gaussian": "the class: eigenvalues and a basis",
    "bounds.gaussian.Gaussian.dimension": "d",
    "bounds.gaussian.Gaussian.variances": "e_t² λ_i + σ_t², X_t's law: risk is a mean under it",
    "bounds.mixture.Mixture": "the class: weights, means and covariances",
    "bounds.mixture.Mixture.dimension": "d",
    # which functions are fitted: the formula is about this class
    "bounds.joint.Scheme": "the class: a basis, a count and a target by name",
    "bounds.joint.Scheme.functions": "the values of the basis",
    # the formula of these claims is 0; what is measured is whether a residual simplifies to it, and
    # a decoy's does not
    "bounds.identities.DERIVATIONS": "residuals with their decoys",
}
"""What both sides may use, and what it is. A class without its methods, each of which is named by
itself.
"""

WHOLE = ("bounds.process.Step.",)
"""Classes all of whose methods are primitives."""

PAPERS = "bounds.papers."


def is_primitive(name: str) -> bool:
    """Whether both sides may use a name."""
    return (
        name in PRIMITIVES or name.startswith(WHOLE) or ".".join(name.split(".")[:2]) in PRIMITIVES
    )


def predicted_with(one: Claim, modules: Sources) -> set[str]:
    """The names of bounds that a claim's formula
    and decoy use, through the functions of its paper.
    """
    reach = Reach(modules, lambda module: module.startswith(PAPERS))
    for formula in (one.formula, one.decoy):
        for function in parts_of(formula):
            home = function.__module__
            if home.startswith(PAPERS):
                nodes = nodes_of(function, modules[home])
                assert nodes, f"{one.name}: {function} is not in {home}"
                for node in nodes:
                    reach.follow(home, node)
            else:
                reach.enter(home, function.__name__)
    return {
        name for name in reach.used() if name.startswith("bounds.") and not name.startswith(PAPERS)
    }


def measured_with(one: Claim, modules: Sources) -> set[str]:
    """The names of bounds that the measurement of a claim reaches:
    measure() of its study, and what reads its table.
    """
    reach = Reach(modules, lambda module: module.startswith(("studies.", "bounds.")))
    for function in (study(study_of(one)).measure, *parts_of(measured_by(one)[1])):
        reach.enter(function.__module__, function.__qualname__.split(".")[0])
    return {name for name in reach.used() if name.startswith("bounds.")}


def shared_by(claims: tuple[Claim, ...], modules: Sources) -> dict[str, set[str]]:
    """What formula and measurement of each claim share."""
    measured: dict[tuple[str, str], set[str]] = {}
    found = {}
    for one in claims:
        key = (study_of(one), one.measurement if ":" not in one.measurement else "")
        if key not in measured:
            measured[key] = measured_with(one, modules)
        found[one.name] = predicted_with(one, modules) & measured[key]
    return found


def beyond_primitives(shared: Mapping[str, set[str]]) -> dict[str, set[str]]:
    """What they share and must not, where there is something."""
    found = {
        name: {used for used in names if not is_primitive(used)} for name, names in shared.items()
    }
    return {name: names for name, names in found.items() if names}


def breaches(claims: tuple[Claim, ...], modules: Sources) -> dict[str, set[str]]:
    """The claims that measure themselves, and by which names."""
    return beyond_primitives(shared_by(claims, modules))


@pytest.fixture(scope="module")
def shared():
    """What formula and measurement of each claim share, in the tree as it is."""
    return shared_by(CLAIMS, sources())


def test_no_measurement_reaches_its_formula(shared):
    """Over all claims. A formula that measures itself always agrees with itself."""
    assert len(shared) == len(CLAIMS) > 100
    assert beyond_primitives(shared) == {}


def test_formulas_and_measurements_are_followed():
    """Against what stands there: an empty set of names would pass everything.

    A formula by its lambda and helpers (figure-3a-ratio), through a partial (bsm-closed-form), a
    method (targets-unbiased); a measurement through a studies module, a bounds module and a method
    of an object that a function returns.
    """
    modules = sources()
    assert "bounds.risk.bootstrap_risk" in predicted_with(claim("figure-3a-ratio"), modules)
    assert "bounds.identities.DERIVATIONS" in predicted_with(claim("bsm-closed-form"), modules)
    assert "bounds.mixture.Mixture.score" in predicted_with(
        claim("targets-unbiased-mixture"), modules
    )
    assert "bounds.concentration.risk_bound" in predicted_with(claim("gaussian-bound"), modules)
    found = measured_with(claim("mixture-bsm-score"), modules)
    assert {
        "bounds.mixture.Mixture.score",
        "bounds.features.feature_grams",
        "bounds.transfer.drawn",
    } <= found
    # by ENGINES, a table
    assert "bounds.process.simulate" in measured_with(claim("dsm-risk"), modules)


def test_every_primitive_is_needed(shared):
    """A name that no claim shares is a hole left open."""
    named = {name for name in PRIMITIVES if name.count(".") > 1}
    assert named - set().union(*shared.values()) == set()


# --- planted violations ---------------------------------------------------------------------------

EVIDENCE = "studies.papers.kumar_2025.evidence_"


@dataclass(frozen=True)
class Plant:
    """Statements at the start of a function of evidence, and lines
    at the head of its module; which claim it breaches, and by which name.
    """

    evidence: str
    function: str
    line: str
    claim: str
    name: str
    head: str = ""

    def within(self, modules: Sources) -> dict[str, str]:
        """The modules with it."""
        module = EVIDENCE + self.evidence
        tree = ast.parse(modules[module])
        (found,) = (
            n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == self.function
        )
        found.body[:0] = ast.parse(self.line).body
        tree.body[:0] = ast.parse(self.head).body
        return {**modules, module: ast.unparse(tree)}


def _joint(line: str, head: str = "") -> Plant:
    return Plant(
        "bootstrap", "_joint_part", line, "joint-sandwich", "bounds.joint.joint_risk", head
    )


PLANTED: Mapping[str, Plant] = {
    "a formula by name": _joint("joint_risk(law, times)", "from bounds.joint import joint_risk"),
    "an alias of a module": _joint("j.joint_risk(law, times)", "from bounds import joint as j"),
    "a dotted module": _joint("bounds.joint.joint_risk(law, times)", "import bounds.joint"),
    "another name for it": _joint(
        "r(law, times)", "from bounds.joint import joint_risk\nr = joint_risk"
    ),
    "an import inside": _joint("from bounds.joint import joint_risk as r; r(law, times)"),
    "a formula re-exported": _joint(
        "j.joint_risk(law, times)", "from studies.papers.kumar_2025.joins import beyond as j"
    ),
    "a table of functions": Plant(
        *("reverse", "_samples", "TABLE['a'](law, times, 1)", "bsm-samples-better"),
        *(
            "bounds.risk.bootstrap_risk",
            "from bounds import risk as r\nTABLE = {'a': r.bootstrap_risk}",
        ),
    ),
    "κ by its own kernel": Plant(
        *("concentration", "measure_span", "kappa_gaussian(times, times, [1.0])", "gaussian-bound"),
        *("bounds.kernels.kappa_gaussian", "from bounds.kernels import kappa_gaussian"),
    ),
    "a score of the library": Plant(
        *("identities", "pointwise", "x = _mixture(cell['law']).score(cell['t'], cell['x'])"),
        *("targets-unbiased-mixture", "bounds.mixture.Mixture.score"),
    ),
    "a method": Plant(
        *("classes", "_control", "c = law.conditional_variances(times[0])", "bsm-fresh-noise"),
        "bounds.gaussian.Gaussian.conditional_variances",
    ),
    "a method of what a function returns": Plant(
        *("mixture", "_variance", "s = mixture(1, 0.1, 2.0).hessian(0.1, [0.0])", "planted"),
        "bounds.mixture.Mixture.hessian",
    ),
}


def written(text: str) -> Formula:
    """A formula that stands in a text of its own, as in a module of bounds.papers."""
    module: dict[str, Formula] = {"__name__": HERE}  # type: ignore[dict-item]
    exec(text, module)
    return module["formula"]


HERE = "bounds.papers.kumar_2025.planted"
CERTIFIED = """\
from bounds import certify

def formula(cell):
    return certify.kappa_every_length(cell, 3)
"""
HESSIAN = """\
from bounds.mixture import Mixture

def formula(cell):
    return Mixture(1, 2, 3).hessian(0.1, 0)
"""


@pytest.mark.parametrize("plant", PLANTED.values(), ids=PLANTED)
def test_a_planted_violation_is_caught(plant):
    """Each in a copy of the tree as it is, under the claim that it makes worthless."""
    modules = plant.within(sources()) | {HERE: HESSIAN}
    subject = (
        replace(claim("exact-share"), formula=written(HESSIAN))
        if plant.claim == "planted"
        else claim(plant.claim)
    )
    assert plant.name in breaches((subject,), modules)[subject.name]


def test_a_formula_that_is_the_measurement_is_caught():
    """The other way about: a claim of evidence-rigor
    that predicts with the certified end that the study measures.
    """
    subject = replace(claim("kappa-uniform-certified"), formula=written(CERTIFIED))
    found = breaches((subject,), sources() | {HERE: CERTIFIED})
    assert found == {subject.name: {"bounds.certify.kappa_every_length"}}


@pytest.mark.parametrize("place", ["studies", "bounds"])
def test_a_chain_of_helpers_is_followed(place):
    """Three modules on, in studies as in bounds:
    what is called in the end counts, not what is imported first.
    """
    modules = sources()
    head = f"from {place}.between0 import f0"
    for k, (following, last) in enumerate(pairwise([*range(3), 3])):
        origin = f"{place}.between{last}" if last < 3 else "bounds.joint"
        name = f"f{last}" if last < 3 else "joint_risk"
        modules[f"{place}.between{following}"] = (
            f"from {origin} import {name}\ndef f{k}(a, b): {name}(a, b)\n"
        )
    modules = _joint("f0(law, times)", head).within(modules)
    assert breaches((claim("joint-sandwich"),), modules) == {
        "joint-sandwich": {"bounds.joint.joint_risk"}
    }
