import math
from dataclasses import replace

from genloom.report.results import Item, Page, Result
from genloom.report.verdict import headline, item_badge, mark, page_score, problems, result_badge, spans

GOOD, BAD, INFO = (Result(name="x", value=1.0, status=status) for status in ("pass", "fail", "info"))


def item(*results, **fields):
    return Item(**{"number": "S1", "title": "t", "results": results, **fields})


def test_badges_have_a_word_and_a_shape():
    assert [result_badge(r).word for r in (GOOD, BAD, INFO)] == ["agrees", "differs", "no verdict"]
    items = (item(GOOD), item(BAD), item(INFO), item(status="missing"), item(GOOD, status="failed"))
    badges = [item_badge(each) for each in items]
    assert [b.word for b in badges] == ["agrees", "differs", "shown", "missing", "failed"]
    assert len({b.sign for b in badges}) == 5
    assert item_badge(item(GOOD, BAD, INFO)) == ("fail", "1 of 2 agree")


def test_the_score_counts_what_has_a_verdict():
    page = Page(title="T", kind="run", name="r", items=(item(GOOD, INFO), item(BAD, GOOD)))
    assert page_score(page) == (2, 3)
    assert headline(page) == "2 of 3 numbers agree with their known answer."
    assert headline(replace(page, counted="checks hold")) == "2 of 3 checks hold."


def test_a_whole_page_has_no_problems_and_a_partial_one_always_has():
    assert problems(Page(title="T", kind="run", name="r", items=(item(BAD),))) == []
    assert problems(Page(title="T", kind="run", name="r", complete=False)) == ["This page is not complete."]
    assert problems(Page(title="T", kind="run", name="r", items=(item(status="missing"),) * 2)) == [
        "2 of 2 items are missing: S1 t, S1 t."]


def test_seeds_in_short():
    assert spans(()) == ""
    assert spans((4, 0, 1, 2, 9, 10, 4)) == "0–2, 4, 9, 10"


def test_a_mark_lies_where_the_numbers_lie():
    found = mark(Result(name="x", value=1.0, known=2.0, interval=(0.5, 1.5), accepted=(1.8, math.inf)))
    assert 0 < found.low < found.value < found.high < found.accept_low < found.known < found.accept_high == 100
    assert math.isclose(found.value - found.low, found.high - found.value, abs_tol=0.02)


def test_there_is_no_mark_where_there_is_nothing_to_compare():
    for value, known in ((1.0, None), (math.nan, 1.0), (None, 1.0), (1e308, -1e308)):
        assert mark(Result(name="x", value=value, known=known)) is None


def test_equal_numbers_have_a_mark_in_the_middle():
    assert mark(Result(name="x", value=3.0, known=3.0))[:2] == (50, 50)
