"""The text's tables, written out, have the numbers that are known of them."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch

from genloom.recipes.images import ddpm_cats
from genloom.studies.cats import work
from genloom.studies.cats.work import extract, tables
from genloom.studies.context import Context


def test_the_cosine_schedule_of_50_steps_has_the_known_end() -> None:
    table = tables(50)
    assert table.alpha[-1].item() == pytest.approx(0.001)
    assert table.alpha_bar[-1].item() == pytest.approx(9.7e-7, rel=0.005)
    assert torch.all(table.alpha_bar.diff() < 0)


def test_extract_takes_the_entry_of_each_sample() -> None:
    table = torch.tensor([10.0, 20.0, 30.0])
    assert extract(table, torch.tensor([3, 1]), torch.zeros(2, 3, 4, 4)).flatten().tolist() == [30, 10]


def test_the_distance_is_the_text_s_fid_where_the_weights_are(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(work, "recipe", lambda name: ddpm_cats())
    monkeypatch.setattr(work.at_hand, "features", lambda root: "inception")
    assert work.cats_recipe(Context(folder=tmp_path)).evaluation.features == "inception"
    monkeypatch.setattr(work.at_hand, "features", lambda root: "auto")
    chosen = work.cats_recipe(Context(folder=tmp_path))
    assert chosen == replace(ddpm_cats(), data=chosen.data), "all else is the recipe's own"
