"""S4.11 as an item of the report."""

import pytest

from genloom.studies.written.infonce import INFONCE, check


def test_closed_forms_hold_and_untrained_networks_fail(context) -> None:
    checked = check(context, steps=2, pairs=1024)
    learned = [each for each in checked.results if any(word in each.name for word in ("trained", "lack", "ceiling"))]
    assert {each.status for each in checked.results if each not in learned} == {"pass"}
    assert "fail" in {each.status for each in learned}
    assert len(checked.figures) == 2
    assert all(len(row) == len(checked.tables[0].header) for row in checked.tables[0].rows)


@pytest.mark.slow
def test_every_check_holds_at_the_size_of_the_study(page) -> None:
    page(INFONCE)
