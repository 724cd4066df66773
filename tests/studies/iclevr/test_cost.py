"""The item of the report."""

from genloom.studies.iclevr.cost import Training, _energy, _joules, _said, cost
from genloom.studies.iclevr.energy import Spent


def test_the_item_is_whole(tiny, check) -> None:
    answer = check(cost, tiny)
    assert [row[0] for row in answer.tables[0].rows] == ["GAN", "DDPM"]
    assert [row[0] for row in answer.tables[1].rows] == ["GAN", "DDPM"]
    limits = [result for result in answer.results if result.known == 90]
    assert [result.status for result in limits] == ["pass", "pass"]


def test_where_nothing_tells_there_is_no_number_of_joules() -> None:
    silent, told = Spent(2.0, None, "nothing tells"), Spent(2.0, 60.0, "a meter")
    assert _joules(silent) == "—"
    assert _joules(told, 1000, 1000) == "60"
    assert "has joules too" in _energy(silent)
    assert "a meter" in _energy(told)


def test_a_training_is_its_steps_at_the_present_rate() -> None:
    each = Training("GAN", Spent(0.5, None, ""), 120, 32, float("nan"))
    assert "64" in _said(each)
    assert "1 min 0 s" in _said(each)
    assert "took" not in _said(each)
