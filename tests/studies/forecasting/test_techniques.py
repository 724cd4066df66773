"""S0.9: kinds of attention on one budget."""

import pytest

from genloom.studies.forecasting.techniques import others, paired, techniques
from genloom.studies.forecasting.work import of_kind, on_test


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(techniques, tiny, formula=True)
    assert [row[0] for row in answer.tables[0].rows] == ["full", "performer", "strided", "local"]
    assert answer.results[-1].status == "pass", "all kinds are the same network"


def test_differences_are_paired_by_seed(tiny) -> None:
    assert others(tiny) == ("performer", "strided", "local")
    mine, full = of_kind(tiny, "performer"), of_kind(tiny, "full")
    expected = [on_test(tiny, a).scaled.mse - on_test(tiny, b).scaled.mse for a, b in zip(mine, full, strict=True)]
    assert paired(tiny, "performer") == pytest.approx(expected)
    assert [a.experiment.recipe.engine.seed for a in mine] == [3, 4]
    assert len(paired(tiny, "local")) == 1


def test_a_stride_is_a_day(tiny) -> None:
    assert of_kind(tiny, "strided")[0].experiment.recipe.network.reach == 24
    assert of_kind(tiny, "full")[0].experiment.recipe.network.reach == 0
