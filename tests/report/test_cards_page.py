"""Cards: pictures, words and blank fields in one file that loads nothing."""

import re
from pathlib import Path

import numpy as np

from genloom.report.cards_page import Card, write_cards
from genloom.report.grids import save_grid
from genloom.report.page import MAX_PAGE_BYTES
from genloom.report.results import Figure


def page(folder: Path, *cards: Card) -> str:
    path = write_cards(folder / "sheet.html", heading="A <sheet>", lead="Look.", facts=(("seed", "0"),), cards=cards)
    return path.read_text("utf-8")


def card(folder: Path, name: str = "p.png", side: int = 8, **words: tuple[tuple[str, str], ...]) -> Card:
    noise = np.random.default_rng(0).integers(0, 256, (1, 3, side, side), dtype=np.uint8)
    save_grid(noise, folder / name, {})
    return Card(title="two cats & a dog", figure=Figure(path=name, caption="drawn", alt='three "animals"'), **words)


def test_a_field_is_blank_until_something_is_written(tmp_path: Path) -> None:
    html = page(tmp_path, card(tmp_path, fields=(("verdict", ""), ("explanation", "too few cats"))))
    assert html.count("<textarea") == 1
    assert '<label for="field-1-1">verdict</label>' in html
    assert "<dt>explanation</dt><dd>too few cats</dd>" in html


def test_it_escapes_loads_nothing_and_runs_nothing(tmp_path: Path) -> None:
    html = page(tmp_path, card(tmp_path, facts=(("why", "<script>alert(1)</script>"), ("empty", ""))))
    assert "<script" not in html
    assert "A &lt;sheet&gt;" in html
    assert "two cats &amp; a dog" in html
    assert 'alt="three &#34;animals&#34;"' in html
    assert ">empty<" not in html
    assert not re.findall(r'(?:src|href)="(?!data:|#)', html)


def test_each_field_has_a_label_of_its_own(tmp_path: Path) -> None:
    html = page(tmp_path, *(card(tmp_path, f"{k}.png", fields=(("a", ""), ("b", ""))) for k in range(3)))
    names = re.findall(r'id="(field-[^"]+)"', html)
    assert len(set(names)) == len(names) == 6
    assert re.findall(r'for="(field-[^"]+)"', html) == names


def test_a_missing_picture_leaves_a_hole_with_words(tmp_path: Path) -> None:
    html = page(tmp_path, Card(title="gone", figure=Figure(path="gone.png", caption="", alt="")))
    assert "The picture gone.png is missing." in html


def test_large_pictures_are_made_smaller(tmp_path: Path) -> None:
    html = page(tmp_path, *(card(tmp_path, f"{k}.png", 900) for k in range(3)))
    assert len(html.encode()) <= MAX_PAGE_BYTES
    assert html.count("data:image/png") == 3
    assert "to keep this page small" in html
