"""The reasons are measured, and the measurements agree with one another."""

from genloom.studies.alice.looks import ITSELF, LAST
from genloom.studies.alice.why import accounts, reasons


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(reasons, tiny, formula=True)
    status = [result.status for result in answer.results]
    assert status[:2] == ["pass", "pass"], "one log-probability by three paths"
    assert status.count("pass") >= 3
    assert "Is attention an explanation?" in answer.text[-1]
    assert answer.tables[1].rows[-1][0] == "a word at random"
    assert len(answer.figures) == 2


def test_no_account_is_better_than_the_effects(tiny) -> None:
    found = accounts(tiny)
    assert found[ITSELF].fall.value == max(each.fall.value for each in found.values())
    assert found[LAST].n <= found[ITSELF].n
