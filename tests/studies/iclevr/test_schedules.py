"""S1.7 as an item of the report, and the schedules written out."""

import pytest

from genloom.diffusion import schedule as known
from genloom.studies.iclevr.schedules import alpha_bars, named, schedules


def test_the_item_is_whole_and_the_curves_are_their_formulas(tiny, check) -> None:
    answer = check(schedules, tiny, formula=True)
    assert len(answer.figures) == 2
    exact = [result for result in answer.results if result.name.startswith(("linear", "cosine", "sigmoid", "ᾱ"))]
    assert len(exact) == 10
    assert all(result.status == "pass" for result in exact)


@pytest.mark.parametrize("kind", ["linear", "cosine", "sigmoid"])
def test_a_table_written_out_is_genloom_s(kind: str) -> None:
    betas = known.SCHEDULES[kind]().betas
    assert alpha_bars(kind) == pytest.approx((1 - betas).cumprod(0).tolist(), rel=1e-9)


def test_the_three_are_there_and_the_recipe_s_own(tiny) -> None:
    assert list(named(tiny)) == ["linear", "cosine", "sigmoid"]
