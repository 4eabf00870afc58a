"""Statements as MathML: read as they are written,
well-formed, and nothing lost of any claim in the ledger.
"""

import html
import re
from xml.etree import ElementTree

import pytest

from bounds.ledger import CLAIMS
from figures.mathml import formula, pieces, sentence

SCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺₀₁₂₃₄₅₆₇₈₉₊₋'-", "0123456789−+0123456789+−′−")


def skeleton(element: ElementTree.Element) -> str:
    """The tree without attributes: mi(x), msub(mi(x) mn(1)) …"""
    inside = " ".join(skeleton(child) for child in element if child.tag != "mspace")
    return f"{element.tag}({inside or element.text or ''})"


def tree(text: str) -> str:
    return skeleton(ElementTree.fromstring(formula(text)))


def flat(text: str) -> str:
    """The letters and signs alone: marks of scripts, roots and brackets set aside."""
    return re.sub(r"[\s_^{}√()*]", "", text.translate(SCRIPTS))


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.name)
def test_nothing_is_lost(claim):
    """Every letter of every sentence of the ledger is still there,
    as often; and the elements close.
    """
    for text in (claim.statement, claim.assumptions, claim.why, claim.decoy_note, claim.reason):
        shown = sentence(text)
        ElementTree.fromstring(f"<p>{shown}</p>")
        back = html.unescape(re.sub(r"<[^>]+>", "", shown))
        assert sorted(flat(back)) == sorted(flat(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a = b", ["a = b"]),
        ("m · risk = a + b + c + d + e + f", ["m · risk =", "a + b + c + d + e + f"]),
        (
            "a_1 + b_1 + c_1 + d_1 + e_1 + f_1 + g_1",
            ["a_1 +", "b_1 +", "c_1 +", "d_1 +", "e_1 +", "f_1 +", "g_1"],
        ),
        (
            "x (a_1 + b_1 + c_1 + d_1 + e_1 + f_1)",
            ["x (a_1 +", "b_1 +", "c_1 +", "d_1 +", "e_1 +", "f_1)"],
        ),
        (
            "y_{a + b + c + d} = √(a_1 + b_1 + c_1 + d_1)",
            ["y_{a + b + c + d} =", "√(a_1 + b_1 + c_1 + d_1)"],
        ),
    ],
)
def test_where_a_long_formula_may_break(text, expected):
    """After relations, then in sums, outside brackets first; scripts and roots stay whole."""
    assert pieces(text) == expected
    assert " ".join(pieces(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x", "math(mi(x))"),
        ("2d", "math(mn(2) mi(d))"),
        ("C_t", "math(msub(mi(C) mi(t)))"),
        ("σ_t²", "math(msubsup(mi(σ) mi(t) mn(2)))"),
        ("r_k,ij", "math(msub(mi(r) mrow(mi(k) mo(,) mi(i) mi(j))))"),
        ("v'_j", "math(msubsup(mi(v) mi(j) mo(′)))"),
        ("w*_ij", "math(msubsup(mi(w) mrow(mi(i) mi(j)) mo(*)))"),
        ("e^{−2t}", "math(msup(mi(e) mrow(mo(−) mn(2) mi(t))))"),
        ("p_{t_1}", "math(msub(mi(p) mrow(msub(mi(t) mn(1)))))"),
        ("κ_log-concave", "math(msub(mi(κ) mtext(log-concave)))"),
        ("√(1 + x)", "math(msqrt(mn(1) mo(+) mi(x)))"),
        ("10^−8", "math(msup(mn(10) mrow(mo(−) mn(8))))"),
        ("log log d", "math(mi(log) mi(log) mi(d))"),
        ("f̂", "math(mi(f̂))"),
        ("p_σ", "math(msub(mi(p) mi(σ)))"),
        ("λᵢ", "math(msub(mi(λ) mi(i)))"),
        ("e²ᵗ", "math(msup(mi(e) mrow(mn(2) mi(t))))"),
        ("dt/2", "math(mi(d) mi(t) mo(/) mn(2))"),
    ],
)
def test_notation(text, expected):
    """Each form of the notation by itself;
    a script swallowed, or hung on the wrong letter, would show.
    """
    assert tree(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("BSM's risk is a sum.", "BSM's risk is a sum."),
        ("a slope of d, or not", "a slope of [d], or not"),
        ("log-log slope 0 ± 0.02.", "log-log slope [0±0.02]."),
        ("at s(t', X_{t'}) alone", "at [s(t′,Xt′)] alone"),
        ("(the constant κ), in 3 cells", "(the constant [κ]), in 3 cells"),
        ("p < 1 & more", "[p&lt;1] &amp; more"),
        ("(b) λ falls, as in (a), (c).", "(b) [λ] falls, as in (a), (c)."),
        ("with k = n/10 93.7 % of it", "with [k=n/10] 93.7 % of it"),
        ("T₁'s risk and KL(p_t‖q_t)", "[T1]'s risk and [KL(pt‖qt)]"),
        ("so bound_ij/r_ij is causal_order", "so [boundij/rij] is causal_order"),
        ("A residual, code 0.2.0+8a90370f1935.", "A residual, code 0.2.0+8a90370f1935."),
    ],
)
def test_what_is_a_formula(text, expected):
    """Words stay words, articles articles, the sentence keeps its stops;
    formulas hold together across commas.
    """
    shown = re.sub(r"<math>(.*?)</math>", r"[\1]", sentence(text))
    assert re.sub(r"<[^>]+>", "", shown) == expected
