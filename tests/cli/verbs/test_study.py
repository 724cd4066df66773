"""`genloom study`: deliverables by number, one page, and an exit code that says whether all were done."""

import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

from genloom.cli.entry import main
from genloom.cli.verbs import study as verb
from genloom.recipes import registry
from genloom.studies.context import Context
from genloom.studies.study import Answer, Study, deliverable


@deliverable("S9.1", "One")
def one(context: Context) -> Answer:
    """Says the seed."""
    return Answer(text=[f"seed {context.seed}"])


@deliverable("S9.2", "Two")
def two(context: Context) -> Answer:
    """Fails."""
    raise ZeroDivisionError("two")


@pytest.fixture(autouse=True)
def _small_study(monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("small_study")
    module.__dict__["STUDY"] = Study(name="small", title="Small", summary="two items", data="none",
                                     deliverables=(one, two))
    monkeypatch.setitem(sys.modules, "small_study", module)
    monkeypatch.setitem(registry.STUDIES, "small", registry.Entry("small_study:STUDY", "two items"))


def test_a_failed_item_is_exit_code_1_and_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "small", "--out", str(tmp_path / "s")]) == 1
    said = capsys.readouterr().out
    assert "S9.2" in said
    assert str(tmp_path / "s/report.html") in said
    assert (tmp_path / "s/report.html").is_file()


def test_some_items(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", "small", "--out", str(tmp_path / "s"), "--only", "S9.1", "--seed", "4", "--json"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (last["event"], last["complete"]) == ("done", False)
    items = json.loads((tmp_path / "s/results.json").read_text())["items"]
    assert [item["status"] for item in items] == ["done", "missing"]
    assert items[0]["text"] == ["seed 4"]


@pytest.mark.parametrize(("words", "said"), [("sqare", "did you mean 'square'"), ("small --only S9.7", "only = 'S9.7'"),
                                             ("small --only=", "--only = ''"),
                                             ("small --tier lap", "did you mean 'laptop'"),
                                             ("small --seed -1 --threads -2", "2 problems")])
def test_mistakes(words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", *words.split(), "--out", str(tmp_path / "s")]) == 2
    assert said in capsys.readouterr().err


@pytest.mark.parametrize(("options", "folder"), [({}, "small"), ({"tier": "gpu"}, "small-gpu"),
                                                 ({"tier": "gpu", "seed": 3}, "small-gpu-seed3")])
def test_tiers_and_seeds_have_folders_of_their_own(options: dict[str, object], folder: str) -> None:
    assert verb.default_folder(verb.Options(name="small", **options)) == Path("studies") / folder


def test_a_study_may_have_flags_of_its_own(tmp_path: Path) -> None:
    text = tmp_path / "my book.txt"
    options, own = verb.asked(["alice", "--data.text", str(text), "--data.blocks=3", "--seed", "2"])
    assert (options.name, options.seed, own.data.text, own.data.blocks) == ("alice", 2, str(text), 3)
    assert verb.default_folder(options, own) == Path("studies/alice-my-book-3-seed2")
    assert verb.asked(["square"])[1] is None
    assert verb.default_folder(*verb.asked(["alice"])) == Path("studies/alice")


@pytest.mark.parametrize(("words", "folder"), [
    (["--guidance", "5.5"], "text-to-image-5.5"), (["--guidance", "5.25"], "text-to-image-5.25"),
    (["--negative-prompt", "blurred. Dark " * 40], "text-to-image" + "-blurred.-Dark" * 4 + "-blur")])
def test_folders_are_told_apart_by_what_was_asked_for(words: list[str], folder: str) -> None:
    assert verb.default_folder(*verb.asked(["text-to-image", *words])) == Path("studies") / folder


def test_a_folder_keeps_the_dots_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "sd1.5").mkdir()
    asked = verb.asked(["text-to-image", "--model", str(tmp_path / "sd1.5")])
    assert verb.default_folder(*asked) == Path("studies/text-to-image-sd1.5")


def test_a_text_is_found_from_any_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert verb.asked(["alice", "--data.text", "mine.txt"])[1].data.text == str(tmp_path / "mine.txt")
    assert verb.asked(["alice", "--data.text", "python-docs"])[1].data.text == "python-docs"


def test_a_name_that_is_another_flag_s_value_is_not_the_study() -> None:
    options, own = verb.asked(["--out", "alice", "square"])
    assert (options.name, options.out, own) == ("square", Path("alice"), None)


@pytest.mark.parametrize(("words", "said"), [("square --data.text x", "--data.text"), ("alice --data.txt x", "did you"),
                                             ("alice --data.blocks 0", "data.blocks"),
                                             ("alise --data.text x", "did you mean 'alice'"),
                                             ("alice --data.text no-such-file", "no-such-file")])
def test_mistakes_in_own_flags(words: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["study", *words.split(), "--out", str(tmp_path / "s")]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "s").exists(), "nothing is made before all is right"


def test_training_anew_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    @deliverable("S9.1", "One")
    def tells(context: Context) -> Answer:
        """Says how it was asked."""
        return Answer(text=[f"train {context.train}", context.again()])

    changed = Study(name="small", title="Small", summary="one item", data="none", deliverables=(tells,))
    monkeypatch.setitem(sys.modules["small_study"].__dict__, "STUDY", changed)
    assert main(["study", "small", "--out", str(tmp_path / "s"), "--train"]) == 0
    (item,) = json.loads((tmp_path / "s/results.json").read_text())["items"]
    assert item["text"][0] == "train True"
    assert "--train" in item["text"][1]
