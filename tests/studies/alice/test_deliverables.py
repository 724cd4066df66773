"""The study has the checklist's items in their order, and says what it learns from."""

from genloom.recipes.gpt import Data
from genloom.recipes.registry import STUDIES, resolve
from genloom.studies.alice.deliverables import STUDY
from genloom.studies.alice.options import Options
from genloom.studies.runner import Options as Run
from genloom.studies.runner import run_study
from genloom.training.screen import Screen


def test_the_numbers_are_the_checklist_s_and_one_more(tiny) -> None:
    assert [each.number for each in STUDY.deliverables] == [*(f"S2.{k}" for k in range(22, 30)), "cost"]
    assert STUDY.data_for(tiny).startswith("small.txt, 57,")
    assert "sha256" in STUDY.data_for(tiny), "another text of the same name is another study"
    assert set(STUDY.expected) == {"laptop", "gpu"}
    assert STUDY.chosen(["cost", "24"]) == {"cost", "S2.24"}


def test_it_is_registered_under_its_name() -> None:
    assert resolve(STUDIES[STUDY.name].function) is STUDY


def test_an_item_is_kept_until_the_text_is_another(tiny, tmp_path) -> None:
    mine = tmp_path / "mine.txt"
    own = Options(data=Data(text=str(mine), blocks=2))

    def again(text: str):
        mine.write_text(text, "utf-8")
        page = run_study(STUDY, tmp_path / "study", Run(only=("22",), own=own), screen=Screen("quiet")).page
        assert page.facts[0][1].startswith("mine.txt")
        return page.items[0]

    words = "".join(f"the cat sees walnut number {k} and so on\n" for k in range(900))
    first = again(words)
    assert first.status == "done"
    assert again(words) == first
    assert again(words.replace("cat", "dog")).text != first.text
