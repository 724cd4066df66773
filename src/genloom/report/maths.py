r"""Formulas written in LaTeX, as MathML: readable offline, without a script and by a screen reader."""

import re
from functools import cache
from typing import Final
from xml.etree import ElementTree

from latex2mathml.converter import convert
from markupsafe import Markup, escape

from genloom.errors import DataError

_SPACE: Final = "http://www.w3.org/1998/Math/MathML"
_ELEMENTS: Final = frozenset({
    "math", "mfrac", "mi", "mn", "mo", "mover", "mpadded", "mphantom", "mroot", "mrow", "mspace", "msqrt", "mstyle",
    "msub", "msubsup", "msup", "mtable", "mtd", "mtext", "mtr", "munder", "munderover"})  # fmt: skip
_ATTRIBUTES: Final = frozenset({
    "accent", "accentunder", "columnalign", "columnspacing", "depth", "display", "displaystyle", "fence", "form",
    "height", "linethickness", "lspace", "mathvariant", "maxsize", "minsize", "movablelimits", "rowspacing", "rspace",
    "scriptlevel", "separator", "stretchy", "symmetric", "width"})  # fmt: skip
_BARE: Final = re.compile(r"\\(mathbb|mathcal|mathbf|boldsymbol)\s+([A-Za-z])")  # the converter wants braces
_SCRIPT: Final = {"B": "ℬ", "E": "ℰ", "F": "ℱ", "H": "ℋ", "I": "ℐ", "L": "ℒ", "M": "ℳ", "R": "ℛ"}


def mathml(latex: str, *, block: bool = False) -> Markup:
    r"""A formula as a MathML element, with its LaTeX in `aria-label` for those who hear it.

    Steps of a chain are aligned by `\begin{align*} a &= b \\ &= c \end{align*}`.

    >>> mathml("x_0").striptags()
    'x0'

    Errors: `DataError` for LaTeX that is not closed or that has a command which is not known.
    """
    return Markup(_mathml(_BARE.sub(r"\\\1{\2}", latex.strip()), block))


def with_maths(text: str) -> Markup:
    r"""Text with formulas between dollar signs as HTML; `\$` is a dollar sign. Errors: as `mathml`.

    >>> with_maths("a < b").striptags(), with_maths(r"1 \$").striptags()
    ('a < b', '1 $')
    """
    pieces = re.split(r"(?<!\\)\$", text)
    if len(pieces) % 2 == 0:
        raise DataError(rf"the formula in {text[:60]!r} is not closed: dollar signs come in pairs, \$ is one alone")
    return Markup("").join(mathml(piece) if k % 2 else escape(piece.replace(r"\$", "$"))
                           for k, piece in enumerate(pieces))


@cache
def _mathml(latex: str, block: bool) -> str:
    try:
        tree = ElementTree.fromstring(convert(latex, display="block" if block else "inline"))
    except Exception as error:  # the converter has no error of its own for bad input
        said = str(error)[:80] or type(error).__name__
        raise DataError(f"the formula {latex[:80]!r} cannot be read: {said}") from error
    for node in tree.iter():
        _keep(node, latex)
    tree.set("aria-label", latex)
    ElementTree.register_namespace("", _SPACE)
    return ElementTree.tostring(tree, encoding="unicode")


def _keep(node: ElementTree.Element, latex: str) -> None:
    """Check a node, and say what browsers only know as characters in characters."""
    name = node.tag.removeprefix(f"{{{_SPACE}}}")
    unknown = name if name not in _ELEMENTS else next((key for key in node.attrib if key not in _ATTRIBUTES
                                                       and key != "linebreak"), "")
    if unknown or "\\" in (node.text or "") or "linebreak" in node.attrib:
        raise DataError(f"the formula {latex[:80]!r} has {unknown or node.text or 'a line break'}, which is not known "
                        "here; chains of steps stand in an align* environment")
    variant = node.attrib.pop("mathvariant", "normal" if name == "mi" and len(node.text or "") > 1 else "")
    if variant == "normal" and name == "mi":
        node.set("mathvariant", "normal")
    elif variant and node.text:
        node.text = "".join(_character(each, variant) for each in node.text)
    if name == "mi" and node.text == "~":
        node.tag, node.text = f"{{{_SPACE}}}mo", "∼"


def _character(letter: str, variant: str) -> str:
    """The letter of another alphabet.

    >>> _character("N", "script"), _character("x", "bold"), _character("1", "italic")
    ('𝒩', '𝐱', '1')
    """
    if variant == "script" and letter in _SCRIPT:
        return _SCRIPT[letter]
    starts = {"script": 0x1D49C, "bold": 0x1D400, "bold-italic": 0x1D468}
    if variant not in starts or not (letter.isascii() and letter.isalpha()):
        return letter
    return chr(starts[variant] + ord(letter) - (65 if letter.isupper() else 71))
