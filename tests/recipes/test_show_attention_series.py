"""The figures of a forecaster's attention are whole, and their words say what the numbers do."""

from pathlib import Path

import pytest
import torch
from forecaster_small import small, use_world, world

from genloom.forecasting.analysis import Agreement, Attended
from genloom.recipes.forecaster import Network, Window
from genloom.recipes.judge_attention import Head
from genloom.recipes.show_attention_series import attention_items, by_hour, summary, typical


def test_items_have_their_figures_and_tables(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    use_world(monkeypatch, world(1000))
    experiment = small(network=Network(width=8, heads=2, hidden=8, layers=1), window=Window(lookback=60, horizon=24))
    items = attention_items(experiment, {"forecaster": experiment.network}, tmp_path / "figures", {"recipe": "small"},
                            first=7)
    assert [item.number for item in items] == ["7", "8", "9", "10"]
    shown = [figure for item in items for figure in item.figures]
    assert len(shown) == 5
    for figure in shown:
        assert (tmp_path / figure.path).read_bytes().startswith(b"\x89PNG")
        assert figure.alt
    assert len(items[2].tables[0].rows) == 6
    assert len(items[3].tables[0].rows) == 13
    assert items[3].tables[0].rows[0][0] == "none"


def test_typical_steps_begin_where_a_season_is_seen() -> None:
    rows = torch.arange(-96, 0)
    seen = torch.ones(96, 96, dtype=torch.bool).tril()
    layer = Attended(rows, rows, seen, torch.zeros(1, 96, 96).double(), torch.ones(1, 24, 24).double(),
                     torch.zeros(1).double(), 1)
    assert typical(layer)[0] == 23
    assert typical(layer)[-1] == 95


def test_hours_are_relative_to_what_all_give_to_a_key() -> None:
    folded = torch.tensor([[[0.6, 0.4], [0.2, 0.8]]]).double()
    layer = Attended(torch.arange(2), torch.arange(2), torch.ones(2, 2, dtype=torch.bool), folded, folded,
                     torch.zeros(1).double(), 1)
    torch.testing.assert_close(by_hour(layer)[0], torch.tensor([[1.5, 2 / 3], [0.5, 4 / 3]]).double())


def test_the_summary_counts() -> None:
    daily = Head("encoder", 1, 1, 0.5, 3.0, 1 / 24, 0.3, 0.25, Agreement(0.8, 0.01))
    even = Head("encoder", 1, 2, 0.99, 1.0, 1.0, 0.25, 0.25, Agreement(0.0, 0.5))
    said = summary((daily, even), 24)
    assert said.startswith("Of 2 heads 1 look at nearly all alike")
    assert "1 look most at the same place in the cycle of 24" in said
    assert "the weights of 1 follow" in said
