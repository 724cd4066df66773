"""What holds for every written question."""

import re
from importlib import import_module
from pathlib import Path

import pytest

from genloom.report.maths import mathml, with_maths
from genloom.studies.written.deliverables import STUDY, WRITTEN
from genloom.studies.written.proof import Written

TESTS = Path(__file__).parents[1]
ASKED = [f"S0.{k}" for k in (5, 6, 19, 20)] + [f"S3.{k}" for k in range(1, 16)] + [f"S4.{k}" for k in range(1, 13)]
"""The numbers of the assignments that are asked on paper."""
WRONG = {"S0.20", "S3.1", "S3.4", "S3.6", "S3.7", "S3.9", "S3.10", "S3.12", "S4.2"}
"""Those whose printed answer, or the formula that is made of it, is wrong."""

every = pytest.mark.parametrize("question", WRITTEN, ids=lambda question: question.number)


def test_all_questions_are_there_in_their_order() -> None:
    assert [each.number for each in STUDY.deliverables] == ASKED


@every
def test_a_question_is_whole(question: Written) -> None:
    assert question.title
    assert "\n" not in question.title
    assert len(question.statement) > 40
    assert len(question.derivation) >= 3
    assert question.source
    assert question.check.__doc__
    assert question.carried


@every
def test_no_dollar_sign_and_no_latex_is_in_the_title(question: Written) -> None:
    assert not set("$\\") & set(question.title + question.source)


@every
def test_every_formula_can_be_read(question: Written) -> None:
    for text in (question.statement, *question.steps):
        if text.startswith("$$") and text.endswith("$$"):
            mathml(text[2:-2], block=True)
        else:
            with_maths(text)
            assert "$$" not in text


@every
def test_what_carries_it_is_there(question: Written) -> None:
    for function, test in question.carried:
        module, _, name = function.rpartition(".")
        assert hasattr(import_module(f"genloom.{module}"), name), function
        file, _, name = test.partition("::")
        assert re.search(rf"def {name}\b", (TESTS / file).read_text("utf-8")), test


@every
def test_a_wrong_answer_has_its_erratum(question: Written) -> None:
    assert question.erratum or question.number not in WRONG
