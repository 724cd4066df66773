"""S4.3 as an item of the report."""

from genloom.studies.gan_theory.gradients import vanishing


def test_the_item_is_whole_and_the_closed_forms_need_no_training(tiny, check) -> None:
    answer = check(vanishing, tiny)
    exact = [result for result in answer.results if "network" not in result.name and result.status != "info"]
    assert len(exact) == 9
    assert {result.status for result in exact} == {"pass"}
