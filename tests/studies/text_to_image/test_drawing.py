"""Pictures are drawn once, carry what they came from, and do not depend on one another."""

from dataclasses import replace

import pytest
import torch

from genloom.recipes.interop.stable_diffusion import Drawing, load
from genloom.recipes.interop.stable_diffusion_folder import local
from genloom.report.provenance import read_provenance
from genloom.studies.text_to_image.drawing import Session, drawn, seed_of, wanted
from genloom.studies.text_to_image.prompts import parse

DRAWING = Drawing(steps=2)
SHEET = parse("two cats\na dog on a chair\na red cube\n", "mine.txt")


@pytest.fixture(scope="module")
def model(pipeline_folder):
    return load(local(str(pipeline_folder)))


def pictures(model, folder, prompts=SHEET, *, batch=1, count=1, drawing=DRAWING, said=None):
    each = wanted(model, prompts, drawing, seed=3, pictures=count, folder=folder)
    session = Session(provenance={"study": "text-to-image"}, say=(said if said is not None else []).append, batch=batch)
    return sorted(drawn(model, each, drawing, session), key=lambda one: (one.place, one.k))


def test_what_is_there_is_not_drawn_again(model, tmp_path) -> None:
    first = pictures(model, tmp_path, count=2)
    again = pictures(model, tmp_path, count=2)
    assert all(one.fresh for one in first)
    assert not any(one.fresh for one in again)
    assert all(torch.equal(one.pixels, other.pixels) for one, other in zip(first, again, strict=True))
    assert len(list((tmp_path / "pictures").iterdir())) == 6


def test_an_interrupted_sheet_goes_on(model, tmp_path) -> None:
    each = wanted(model, SHEET, DRAWING, seed=3, pictures=1, folder=tmp_path)
    first = drawn(model, each, DRAWING, Session(provenance={}, say=lambda text: None))
    next(first)
    first.close()
    assert [one.fresh for one in pictures(model, tmp_path)] == [False, True, True]


@pytest.mark.parametrize("change", [{"steps": 3}, {"guidance": 2.0}, {"negative_prompt": "blue"}, {"size": 32}])
def test_other_settings_are_other_pictures(change, model, tmp_path) -> None:
    pictures(model, tmp_path)
    assert all(one.fresh for one in pictures(model, tmp_path, drawing=replace(DRAWING, **change)))


def test_a_damaged_file_is_drawn_anew(model, tmp_path) -> None:
    (first, *_) = pictures(model, tmp_path)
    raw = first.path.read_bytes()
    first.path.write_bytes(raw[: len(raw) // 2])
    again = pictures(model, tmp_path)
    assert [one.fresh for one in again] == [True, False, False]
    assert torch.equal(again[0].pixels, first.pixels)


def test_neither_order_nor_batch_changes_a_picture(model, tmp_path) -> None:
    one = pictures(model, tmp_path / "one", count=2)
    turned = parse("a red cube\na dog on a chair\ntwo cats\n", "mine.txt")
    other = pictures(model, tmp_path / "other", turned, count=2, batch=4)
    for each in one:
        (same,) = [found for found in other if found.place == 2 - each.place and found.k == each.k]
        assert int((same.pixels.int() - each.pixels.int()).abs().max()) <= 1


def test_the_kth_pictures_share_their_noise() -> None:
    assert len({seed_of(seed, k) for seed in range(3) for k in range(3)}) == 9


def test_pictures_carry_what_they_came_from(model, tmp_path) -> None:
    (first, *_) = pictures(model, tmp_path)
    known = read_provenance(first.path)
    assert (known["study"], known["prompt"]) == ("text-to-image", "two cats")
    assert (known["blanked"], known["picture"]) == ("no", "0")
    assert first.path.name.startswith("two-cats-0-")


def test_a_person_hears_how_long_it_takes(model, tmp_path) -> None:
    said: list[str] = []
    pictures(model, tmp_path, said=said)
    assert said[0].startswith("drawing 3 pictures of 2 steps; about")
    assert said[1].startswith("picture 1 of 3, “two cats”")
    said.clear()
    pictures(model, tmp_path, said=said)
    assert said == ["3 of 3 pictures are there already"]
