"""S4.9 as an item of the report."""

import pytest

from genloom.studies.written.transfer import TRANSFER, check, codes


def test_the_order_by_reconstruction_is_not_the_order_by_use() -> None:
    component, second = codes(20_000, 0)
    assert component.lost < second.lost
    assert component.label < 0.52 < 0.97 < second.label
    assert second.sign < 0.52 < 0.97 < component.sign


def test_in_another_unit_the_same_method_keeps_the_other_number() -> None:
    component, second = codes(20_000, 0, 3.0)
    assert component.lost < 4.5
    assert component.label == pytest.approx(second.label, abs=0.01)


def test_closed_forms_need_no_training_and_untrained_features_do_not_pass(context) -> None:
    checked = check(context, steps=2, draws=2)
    assert [each.status for each in checked.results[:7]] == ["pass"] * 7
    assert checked.results[-1].status == "fail"
    assert len(checked.tables[0].rows) == 1 + 2  # pixels, untrained and the last step
    assert all(len(row) == len(checked.tables[0].header) for row in checked.tables[0].rows)


@pytest.mark.slow
def test_every_check_holds_at_the_size_of_the_study(page) -> None:
    page(TRANSFER)
