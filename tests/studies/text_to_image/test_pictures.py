"""S0.29: the contact sheet, and what is certain without looking."""

import pytest
import torch

from genloom.report.provenance import read_provenance
from genloom.studies.text_to_image.pictures import contact_sheet, judged, pictures
from genloom.studies.text_to_image.prompts import parse
from genloom.studies.text_to_image.sheet import MISSING, drawings


def result(answer, start):
    (found,) = [each for each in answer.results if each.name.startswith(start)]
    return found


def test_without_a_model_it_says_what_to_do(bare) -> None:
    assert pictures.work(bare).missing == MISSING


def test_the_item_is_complete(sheet_context, check) -> None:
    answer = check(pictures, sheet_context)
    assert len(answer.tables[0].rows) == 3
    assert result(answer, "pictures that are there").status == "pass"
    alone = result(answer, "largest change of a pixel")
    assert (alone.status, alone.value <= 1) == ("pass", True), "a picture does not depend on its batch"
    assert result(answer, "prompts that the encoder reads in part").value == 1
    assert any("it never hears of “" in text for text in answer.text)
    assert any("brings no safety checker" in text for text in answer.text)
    assert result(answer, "pictures that the safety checker").value is None


def test_who_looks_decides_what_fails(sheet_context) -> None:
    fails = result(pictures.work(sheet_context), "prompts that fail")
    assert (fails.value, fails.n, fails.known, fails.status) == (1, 2, 5, "fail")
    assert judged(parse("- a\n- b\n", "a.yaml")) == (0, 0)


def test_without_verdicts_nothing_is_claimed(again, tmp_path) -> None:
    file = tmp_path / "mine.txt"
    file.write_text("two cats\n")
    fails = result(pictures.work(again(prompts=str(file), pictures=1)), "prompts that fail")
    assert (fails.value, fails.status) == (None, "info")


def test_the_sheet_carries_what_it_came_from(sheet_context) -> None:
    answer = pictures.work(sheet_context)
    known = read_provenance(sheet_context.folder / answer.figures[0].path)
    assert known["checkpoint"] == f"sha256 {drawings(sheet_context).model.digest}"
    assert "text-to-image" in known["command"]
    assert "two cats" in answer.figures[0].alt


@pytest.mark.parametrize("words", ["a short one", "long " * 60, "costs $5 or $x_1$ and {braces}", "雪 a snow"])
@pytest.mark.filterwarnings("ignore:Glyph:UserWarning")  # a font without the letter draws a box
def test_any_prompt_can_stand_under_its_picture(words) -> None:
    made = [torch.zeros(3, 16, 16, dtype=torch.uint8)] * 5
    figure = contact_sheet(made, [words] * 5)
    assert sum(len(axes.images) for axes in figure.axes) == 5
    lines = figure.axes[0].texts[0].get_text().splitlines()
    assert len(lines) <= 4
    figure.canvas.draw()


def test_black_pictures_are_told_and_are_no_failures(sheet_context, monkeypatch) -> None:
    from dataclasses import replace

    from genloom.recipes.interop.stable_diffusion import TextToImage
    from genloom.studies.text_to_image import pictures as module

    found = drawings(sheet_context)
    black = tuple(replace(each, blanked=each.k == 0) for each in found.pictures)
    monkeypatch.setattr(TextToImage, "checks", property(lambda self: True))
    monkeypatch.setattr(module, "drawings", lambda context: found._replace(pictures=black))
    answer = pictures.work(sheet_context)
    assert result(answer, "pictures that the safety checker").value == 3
    assert any("made 3 of the 6 pictures black" in text for text in answer.text)
    assert answer.tables[0].rows[0][4] == "1 of 2"
