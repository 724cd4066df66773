"""A written question becomes an item with its derivation, its erratum and its numbers."""

from genloom.report.results import Result
from genloom.studies.context import Context
from genloom.studies.written.proof import Checked, Written

NUMBERS = (Result(name="one and one", value=2.0, known=2.0, status="pass"),)


def question(erratum: str = "") -> Written:
    return Written(number="S9.1", title="A sum", statement="What is $1 + 1$?", derivation=("Count.", "$$1 + 1 = 2$$"),
                   erratum=erratum, source="problem 1", check=lambda context: Checked(results=NUMBERS, text=["Two."]))


def test_a_question_is_an_item_with_its_derivation_and_its_numbers(context: Context) -> None:
    made = question().deliverable
    answer = made.work(context)
    item = made.item(answer, 0.5)
    assert (item.number, item.title, item.question) == ("S9.1", "A sum", "What is $1 + 1$?")
    assert item.derivation == ("Count.", "$$1 + 1 = 2$$")
    assert (item.results, item.text, item.source) == (NUMBERS, ("Two.",), "problem 1")


def test_an_erratum_is_said_after_the_derivation() -> None:
    assert question("It says 3.").steps[-1] == "The printed answer. It says 3."
    assert question().steps == question().derivation
