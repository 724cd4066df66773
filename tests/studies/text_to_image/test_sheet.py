"""What the study learns from is said first; a model that can be none is refused before anything is made."""

from pathlib import Path

import pytest

from genloom.errors import DataError, InputError, MissingExtra
from genloom.recipes.interop import stable_diffusion
from genloom.recipes.interop.hub import NotFetched
from genloom.studies.text_to_image import sheet as module
from genloom.studies.text_to_image.explained import explained
from genloom.studies.text_to_image.pictures import pictures
from genloom.studies.text_to_image.sheet import HUB, MISSING, drawings, said, sheet


def test_without_a_model_there_are_prompts_and_no_pictures(bare) -> None:
    assert drawings(bare) == MISSING
    assert len(sheet(bare)) >= 10
    assert "no text-to-image model was named" in said(bare)
    assert "a few small scenes" in said(bare)
    assert HUB in MISSING
    assert "genloom[hub]" in MISSING


def test_what_is_learned_from_changes_with_words_and_weights(sheet_context, again, tmp_path) -> None:
    before = said(sheet_context)
    assert before.startswith("3 prompts of mine.yaml, sha256")
    other = tmp_path / "mine.yaml"
    other.write_text("- two cats\n")
    assert said(again(prompts=str(other))) != before
    assert said(again()) == before


@pytest.mark.parametrize(("changes", "error"), [({"model": "/no/such/folder"}, InputError),
                                                ({"prompts": "/no/such/file.txt"}, DataError)])
def test_what_is_not_there_is_told_first(changes, error, again) -> None:
    with pytest.raises(error):
        said(again(**changes))


def test_a_folder_without_a_pipeline_is_told_first(again, tmp_path) -> None:
    with pytest.raises(DataError, match="no pipeline as diffusers saves one"):
        said(again(model=str(tmp_path)))


def test_a_name_of_the_hub_is_said_as_it_is(again) -> None:
    assert "the model owner/name@v2, the hub" in said(again(model="owner/name@v2"))


def test_a_model_that_was_not_fetched_is_missing_and_the_words_say_what_to_do(again, monkeypatch) -> None:
    asked = []

    def refuse(place: str) -> None:
        asked.append(place)
        raise NotFetched(f"{place} is no path here, and cannot be had from the hub: no connection")

    monkeypatch.setattr(module.places, "fetched", refuse)
    context = again(model="owner/name@v2")
    for item in (pictures, explained):
        reason = item.work(context).missing
        assert reason.startswith("owner/name@v2 is no path here, and cannot be had from the hub: no connection. With")
        assert "`hf download owner/name --revision v2 --local-dir FOLDER`" in reason
        assert "--model FOLDER" in reason
    assert asked == ["owner/name@v2"], "the hub is asked once, not for each item"


def test_a_model_of_another_kind_is_no_missing_one(again, monkeypatch) -> None:
    def refuse(place: str) -> None:
        raise DataError(f"{place}: it has no model_index.json")

    monkeypatch.setattr(module.places, "fetched", refuse)
    with pytest.raises(DataError, match="no model_index"):
        drawings(again(model="owner/name"))


def test_without_the_extra_it_is_told_first(again, monkeypatch) -> None:
    monkeypatch.setattr(stable_diffusion, "_has", lambda package: False)
    with pytest.raises(MissingExtra, match="hub"):
        said(again())


def test_pictures_are_drawn_once_in_the_order_of_the_prompts(sheet_context) -> None:
    found = drawings(sheet_context)
    assert drawings(sheet_context) is found
    assert [(each.place, each.k) for each in found.pictures] == [(p, k) for p in range(3) for k in range(2)]
    assert len(found.of(1)) == 2
    assert found.drawing.size == 16
    assert [bool(each.cut) for each in found.lengths] == [False, True, False]


def test_provenance_has_no_path_of_this_machine(sheet_context) -> None:
    known = module.provenance(sheet_context, drawings(sheet_context).model)
    assert known["model"] == Path(sheet_context.options.model).name
    assert known["checkpoint"].startswith("sha256 ")
