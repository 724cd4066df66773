"""S4.8: its check."""

from genloom.studies.written.masked_score import MASKED


def test_the_check_holds(page):
    found = page(MASKED)
    orders = [result for result in found.results if "order in σ" in result.name]
    assert [round(result.value) for result in orders] == [2, 2, 2, 1, 3, 1]
