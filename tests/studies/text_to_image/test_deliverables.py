"""The study has the checklist's items and the measured ones, and runs with and without a model."""

import json

import pytest

from genloom.cli.entry import main
from genloom.recipes.interop import hub
from genloom.recipes.registry import STUDIES, resolve
from genloom.studies.runner import Options, run_study
from genloom.studies.text_to_image.deliverables import STUDY
from genloom.studies.text_to_image.options import SheetOptions
from genloom.training.screen import Screen


def test_the_items_in_their_order() -> None:
    assert [each.number for each in STUDY.deliverables] == ["S0.29", "S0.30", "prompts", "exchanged", "counts",
                                                            "triples", "unseen"]
    assert resolve(STUDIES[STUDY.name].function) is STUDY
    assert resolve(STUDIES[STUDY.name].options) is SheetOptions
    assert STUDY.chosen(["29", "counts"]) == {"S0.29", "counts"}
    assert set(STUDY.expected) == {"laptop", "gpu"}


def test_without_a_model_two_items_are_missing_and_say_what_to_do(tmp_path, small_scenes) -> None:
    page = run_study(STUDY, tmp_path, Options(only=("29", "30", "prompts")), screen=Screen("quiet")).page
    state = {item.number: item for item in page.items}
    assert [state[number].status for number in ("S0.29", "S0.30", "prompts")] == ["missing", "missing", "done"]
    assert "--model" in state["S0.29"].reason
    assert not page.complete


def test_a_model_that_was_not_fetched_makes_two_items_missing_and_fails_none(tmp_path, monkeypatch,
                                                                                    small_scenes) -> None:
    def refuse(name: str, wanted: object) -> None:
        raise hub.NotFetched(f"{name} is no path here, and cannot be had from the hub: no connection")

    monkeypatch.setattr(hub, "pull", refuse)
    monkeypatch.setattr(hub, "kept", lambda name: None)
    found = run_study(STUDY, tmp_path, Options(only=("29", "30"), own=SheetOptions(model="owner/name")),
                      screen=Screen("quiet"))
    state = {item.number: item for item in found.page.items}
    assert [state[number].status for number in ("S0.29", "S0.30")] == ["missing", "missing"]
    assert "hf download owner/name" in state["S0.30"].reason
    assert found.exit_code == 0


def test_with_one_the_sheet_is_laid_out_by_the_command(tmp_path, asked, capsys) -> None:
    words = ["study", "text-to-image", "--model", asked.model, "--prompts", asked.prompts, "--steps", "2", "--only",
             "29,30", "--out", str(tmp_path / "s"), "--json"]
    assert main(words) == 0
    capsys.readouterr()
    items = {item["number"]: item for item in json.loads((tmp_path / "s/results.json").read_text())["items"]}
    assert items["S0.29"]["status"] == items["S0.30"]["status"] == "done"
    assert (tmp_path / "s/sheet.html").is_file()
    assert len(list((tmp_path / "s/pictures").glob("*.png"))) == 3


def test_an_item_is_kept_until_a_word_of_the_prompts_changes(tmp_path, asked, small_scenes) -> None:
    mine = tmp_path / "mine.yaml"
    own = SheetOptions(model=asked.model, prompts=str(mine), steps=2)

    def again(text: str):
        mine.write_text(text)
        return run_study(STUDY, tmp_path / "s", Options(only=("30",), own=own), screen=Screen("quiet")).page.items[1]

    first = again("- two cats\n")
    assert again("- two cats\n") == first
    second = again("- {prompt: two cats, explanation: Three.}\n")
    assert "Three." in second.figures[0].caption
    assert second.figures[0].path == first.figures[0].path, "the picture is the same file"


@pytest.mark.parametrize(("words", "said"), [("--model /no/such/folder", "a folder that is there"),
                                             ("--prompts none.txt", "cannot be read"), ("--sampler x", "--sampler"),
                                             ("--step 3", "did you mean --steps")])
def test_mistakes_make_no_folder(words, said, tmp_path, capsys) -> None:
    assert main(["study", "text-to-image", *words.split(), "--out", str(tmp_path / "s")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s").exists()
