"""Tables and pictures of the inversion lab."""

from pathlib import Path

import pytest

from genloom.recipes.invert_gpt import Plan, invert_sentence
from genloom.recipes.show_inversion import START_HEADER, inversion_figure, start_rows
from genloom.report.provenance import read_provenance
from memorised import WordTokenizer, memorised

TOKENIZER = WordTokenizer()


@pytest.mark.parametrize(("steps", "searches"), [(200, 0), (2, 2)])
def test_the_picture_and_a_row_for_each_start(steps: int, searches: int, tmp_path: Path) -> None:
    plan = Plan(count=3, steps=steps, searches=searches, exchanges=2, batch=4)
    found = invert_sentence(memorised(), TOKENIZER, [0], "walnut a paw", plan)
    rows = start_rows(found, TOKENIZER)
    assert [len(row) for row in rows] == [len(START_HEADER)] * 3
    assert [row[1] for row in rows] == (["yes"] * 3 if steps == 200 else ["no"] * 3)
    assert all((row[2] == "—") == (row[1] == "no") for row in rows)
    figure = inversion_figure(found, tmp_path / "one.png", {"command": "genloom invert x"})
    assert read_provenance(tmp_path / figure.path)["command"] == "genloom invert x"
    assert f"{found.exact} of 3" in figure.caption
