import pytest

from genloom.errors import UnknownName
from genloom.report.results import Result
from genloom.studies.study import Answer, Deliverable, Study, deliverable


def study(*numbers):
    return Study(name="toy", title="Toy", summary="", data="none",
                 deliverables=tuple(Deliverable(n, "t", "q", lambda context: Answer()) for n in numbers))


def test_an_answer_comes_under_its_number():
    @deliverable("S2.4", "Loss", question="Plot it.")
    def loss(context):
        return Answer(text=[f"seed {context}"], results=[Result(name="loss", value=1.0)], formula="L", source="S")

    item = loss.item(loss.work(3), 1.23456)
    assert (item.number, item.title, item.question, item.text) == ("S2.4", "Loss", "Plot it.", ("seed 3",))
    assert (item.status, item.seconds, item.formula, item.source) == ("done", 1.235, "L", "S")
    assert item.results[0].value == 1.0


def test_an_answer_can_say_why_it_is_missing():
    item = study("S1").deliverables[0].item(Answer(missing="needs a GPU"), 0)
    assert (item.status, item.reason) == ("missing", "needs a GPU")


def test_a_number_is_given_once():
    with pytest.raises(ValueError, match=r"S2\.1 is given twice"):
        study("S2.1", "S2.2", "S2.1")


def test_numbers_can_be_chosen_in_short():
    toy = study("S2.1", "S2.2", "S2.21")
    assert toy.chosen(()) == toy.chosen(None) == {"S2.1", "S2.2", "S2.21"}
    assert toy.chosen(["S2.1", "21"]) == {"S2.1", "S2.21"}
    with pytest.raises(UnknownName, match=r"did you mean 'S2\.2'"):
        toy.chosen(["S2.1", "S2,2"])
