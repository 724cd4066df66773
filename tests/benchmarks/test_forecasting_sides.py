"""All sides begin with the same network, see the same windows and learn the same."""

import pytest

from genloom.benchmarks import forecasting_sides
from genloom.benchmarks.forecasting import KINDS, Setting, Task
from genloom.recipes.forecaster import Data
from genloom.studies.forecasting.series import AtHand

TINY = Task(setting=Setting(), dropout=0.0, lookback=24, horizon=12, label=8, width=16, hidden=16, heads=2, layers=1,
            batch=4, steps=4, warm=1, lengths=(16, 32), repeats=1)


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    found = AtHand(Data(source="transformer", hours=400, borders="ratio"), False, "small")
    monkeypatch.setattr(forecasting_sides, "at_hand", lambda root: found)


@pytest.mark.parametrize("side", ["layers", "materialised"])
def test_the_peers_learn_what_genloom_learns(side: str) -> None:
    ours, theirs = forecasting_sides.SIDES["genloom"](TINY), forecasting_sides.SIDES[side](TINY)
    assert ours["losses"] == pytest.approx(theirs["losses"], rel=1e-3)
    assert ours["steps"] == 5
    assert ours["loss"] == pytest.approx(sum(ours["losses"][1:]) / 4)
    assert ours["parameters"] == theirs["parameters"]
    assert theirs["seconds"] > 0


@pytest.mark.parametrize("side", ["genloom", "layers", "materialised"])
def test_every_side_trains_in_half_precision_with_dropout(side: str) -> None:
    task = Task(**{**vars(TINY), "dropout": 0.1, "setting": Setting(bf16=True, fused=True, allocator=True)})
    answer = forecasting_sides.SIDES[side](task)
    assert 0 < answer["loss"] < 10
    assert answer["memory_mb"] > 50


def test_every_kind_of_attention_is_timed_at_every_length() -> None:
    costs = forecasting_sides.attention(TINY)["costs"]
    assert {(cost["kind"], cost["length"]) for cost in costs} == {(kind, n) for kind in KINDS for n in (16, 32)}
    assert all(cost["seconds"] > 0 and cost["bytes"] > 0 for cost in costs)
