"""Formulas are MathML that browsers know, or are refused; nothing of a formula becomes markup of another kind."""

import pytest

from genloom.errors import DataError
from genloom.report.maths import mathml, with_maths


def test_a_formula_is_mathml_with_its_latex_to_be_heard() -> None:
    made = mathml(r"x_t = \frac{a}{b}")
    assert made.startswith("<math")
    assert 'display="inline"' in made
    assert "<msub><mi>x</mi><mi>t</mi></msub>" in made
    assert "<mfrac>" in made
    assert r'aria-label="x_t = \frac{a}{b}"' in made
    assert 'display="block"' in mathml("x", block=True)


def test_letters_of_other_alphabets_are_characters_since_browsers_know_no_other_way() -> None:
    assert ">𝒩<" in mathml(r"\mathcal N")
    assert ">ℒ<" in mathml(r"\mathcal L")
    assert ">𝔼<" in mathml(r"\mathbb E")
    assert ">𝐱<" in mathml(r"\mathbf x")
    assert 'mathvariant="normal">log<' in mathml(r"\log x")
    assert "<mo>∼</mo>" in mathml(r"x \sim p")


def test_the_steps_of_a_chain_are_aligned() -> None:
    made = mathml(r"\begin{align*} a &= b \\ &= c \end{align*}", block=True)
    assert made.count("<mtr>") == 2
    assert 'columnalign="right"' in made


@pytest.mark.parametrize("latex", [r"\foo", r"\frac", r"\begin{aligned} a &= b \end{aligned}", "x & y", r"a \\ b",
                                   r"\left( x", r"\text{<script>1</script>}", r"\text{<b>x</b>}",
                                   r"\href{javascript:alert(1)}{x}", r"\text{&bad;}"])
def test_what_cannot_be_shown_is_refused(latex: str) -> None:
    with pytest.raises(DataError, match="the formula"):
        mathml(latex)


def test_words_are_escaped_and_formulas_are_not() -> None:
    assert with_maths(r"<b> & $x < 1$, \$5").startswith("&lt;b&gt; &amp; <math")
    assert "&lt;</mo>" in with_maths("$x < 1$")
    with pytest.raises(DataError, match="come in pairs"):
        with_maths("a $ b")
