"""A name of what comes with genloom is taken wherever a run is, and a run is taken before it."""

import json
import shlex
import shutil
import zipfile
from pathlib import Path

import pytest

from genloom.cli import shipped as module
from genloom.cli.entry import main
from genloom.errors import UnknownName
from genloom.report.results import read_results
from shipped_small import Shipping


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has no place of its own is written beside nothing else; nothing slow is computed."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("genloom.recipes.judge_images.linear_denoiser", lambda experiment: None)


def test_a_name_draws_without_its_data(known_names: dict[str, Shipping], monkeypatch: pytest.MonkeyPatch,
                                       capsys: pytest.CaptureFixture[str]) -> None:
    words = ["--labels", "red sphere, yellow cube", "--count", "5", "--seed", "2"]
    assert main(["sample", str(known_names["gan"].run), *words, "--out", "run"]) == 0
    monkeypatch.setattr("genloom.recipes.build_gans.make_data", lambda *_: pytest.fail("the data were read"))
    capsys.readouterr()
    assert main(["sample", "small-gan", *words]) == 0
    said = capsys.readouterr().out
    assert "drawing from small-gan, which comes with genloom" in said
    assert "samples/small-gan-1/labels.png" in said
    assert zipfile.ZipFile("samples/small-gan-1/samples.zip").read("00004.png") == zipfile.ZipFile(
        "run/samples.zip").read("00004.png")
    assert main(["inspect", "samples/small-gan-1/samples.png", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["run"] == "small-gan"
    assert "checkpoint" not in told["command"]
    assert main(shlex.split(told["command"])[1:]) == 0
    assert Path("samples/small-gan-2/samples.png").is_file()


def test_a_name_is_evaluated_and_reported(known_names: dict[str, Shipping], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["evaluate", "small-images"]) == 0
    said = capsys.readouterr().out
    assert "reports/small-images-1/results.json" in said
    assert "genloom report small-images" in said
    own = {result.name: result.value for result in read_results(
        known_names["images"].run / "results.json").items[0].results}
    page = read_results(Path("reports/small-images-1/results.json"))
    assert {result.name: result.value for result in page.items[0].results} == own
    assert dict(page.facts)["model"].startswith("small-images comes with genloom, trained by this recipe in ")
    assert page.next_commands[0].startswith("genloom sample small-images ")
    assert main(["report", "small-images", "--out", "mine"]) == 0
    assert "comes with genloom" in Path("mine/report.html").read_text("utf-8")
    items = {item.title: item for item in read_results(Path("mine/results.json")).items}
    assert items["Training"].status == "done", "the log of its training came with it"


def test_a_generator_alone_has_a_report(known_names: dict[str, Shipping]) -> None:
    assert main(["report", "small-gan", "--json"]) == 0
    page = read_results(Path("reports/small-gan-1/results.json"))
    assert page.complete
    assert "What the discriminator says" not in [item.title for item in page.items]


def test_a_run_is_taken_before_a_name(known_names: dict[str, Shipping], capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(known_names["gan"].run, "small-gan")
    assert main(["sample", "small-gan", "--count", "2"]) == 0
    assert "small-gan/samples/draw-1" in capsys.readouterr().out
    shutil.rmtree("small-gan")
    Path("small-gan").mkdir()
    assert main(["sample", "small-gan", "--count", "2"]) == 0
    assert "samples/small-gan-1" in capsys.readouterr().out, "a folder that is no run is none"


def test_a_name_with_a_typo_gets_the_nearest(known_names: dict[str, Shipping],
                                             capsys: pytest.CaptureFixture[str]) -> None:
    shutil.copytree(known_names["gan"].run, "runs/own-1")
    for verb in ("sample", "evaluate", "report"):
        assert main([verb, "smal-gan"]) == 2
        error = capsys.readouterr().err
        assert "must be one of runs/own-1, small-gan, small-images; did you mean 'small-gan'?" in error
    assert main(["sample", "runs/none"]) == 2
    assert "is not a run" in capsys.readouterr().err
    assert not Path("samples").exists()
    assert not Path("reports").exists()


def test_only_what_draws_is_offered_to_draw() -> None:
    with pytest.raises(UnknownName) as found:
        module.named(Path("nothing-like-it"), drawing=True)
    assert "digit-classifier" not in found.value.allowed
    with pytest.raises(UnknownName, match="digit-classifier"):
        module.named(Path("nothing-like-it"))


@pytest.mark.parametrize(("words", "said"), [
    ("sample small-gan --checkpoint 4", "--checkpoint = '4': must be left out"),
    ("sample small-gan --steps 5", "a generator makes a picture in one step"),
    ("sample small-images --labels pink", "labels = 'pink'"),
    ("evaluate small-gan --checkpoint last", "must be left out")])
def test_mistakes(words: str, said: str, known_names: dict[str, Shipping], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not list(Path().glob("*/*"))


def test_nothing_is_written_over(known_names: dict[str, Shipping], capsys: pytest.CaptureFixture[str]) -> None:
    Path("full").mkdir()
    Path("full/letter.txt").touch()
    for verb in ("sample", "evaluate", "report"):
        assert main([verb, "small-gan", "--out", "full"]) == 2
        assert "is not an empty folder" in capsys.readouterr().err
    run = known_names["gan"].run
    before = sorted(run.rglob("*"))
    assert main(["evaluate", str(run), "--out", "new"]) == 2
    assert "what is made of a run is kept in its folder" in capsys.readouterr().err
    assert sorted(run.rglob("*")) == before


def test_a_failure_leaves_nothing(known_names: dict[str, Shipping], monkeypatch: pytest.MonkeyPatch) -> None:
    from genloom.errors import DataError
    from genloom.recipes.build_gans import GanExperiment

    def fails(*_: object) -> None:
        raise DataError("nothing to be compared with")

    monkeypatch.setattr(GanExperiment, "evaluate", fails)
    assert main(["evaluate", "small-gan"]) == 2
    assert not list(Path("reports").iterdir())


def test_what_judges_draws_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sample", "digit-classifier"]) == 2
    assert "--classifier digit-classifier" in capsys.readouterr().err
