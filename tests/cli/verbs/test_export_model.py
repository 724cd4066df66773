import json
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
from diffusers_small import folder_of

from genloom.cli.entry import main


@pytest.fixture
def run(tmp_path: Path) -> Path:
    assert main(["import", str(folder_of(tmp_path / "theirs")), "--out", str(tmp_path / "run"), "--quiet"]) == 0
    return tmp_path / "run"


def test_the_folder_lies_in_the_run_or_where_it_is_wanted(
        run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    assert main(["export", str(run)]) == 0
    said = capsys.readouterr().out
    assert f"folder     {run / 'diffusers'}" in said
    assert (run / "diffusers" / "model_index.json").is_file()
    assert main(["export", str(run), "--out", str(tmp_path / "out"), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "folder": str(tmp_path / "out"), "checkpoint": 1, "averaged": False, "hub": None}


def test_what_it_writes_can_be_imported(run: Path, tmp_path: Path) -> None:
    assert main(["export", str(run), "--out", str(tmp_path / "out"), "--quiet"]) == 0
    assert main(["import", str(tmp_path / "out"), "--out", str(tmp_path / "again"), "--quiet"]) == 0


def test_it_is_put_to_the_hub_under_its_name(run: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
                                             capsys: pytest.CaptureFixture[str]) -> None:
    asked: list[dict[str, Any]] = []

    class Fake:
        def create_repo(self, **options: Any) -> str:
            asked.append(options)
            return "https://hub.example/me/mine"

        def upload_folder(self, **options: Any) -> None:
            asked.append(options)

    monkeypatch.setattr(huggingface_hub, "HfApi", Fake)
    out = tmp_path / "out"
    assert main(["export", str(run), "--out", str(out), "--push", "me/mine", "--private", "--quiet"]) == 0
    assert "https://hub.example/me/mine" in capsys.readouterr().out
    assert [each["repo_id"] for each in asked] == ["me/mine", "me/mine"]
    assert (asked[0]["private"], asked[1]["folder_path"]) == (True, str(out))
    assert 'from_pretrained("me/mine")' in (out / "README.md").read_text()


@pytest.mark.parametrize(("flags", "said"), [
    (["--push", "mine"], "owner/name"), (["--push", "a/b/c"], "owner/name"), (["--private"], "given beside --push"),
    (["--checkpoint", "9"], "no checkpoint 9"), (["--checkpoint", "newest"], "best, last or a step")])
def test_mistakes_are_one_line_and_leave_nothing(run: Path, tmp_path: Path, flags: list[str], said: str,
                                                 capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run), "--out", str(tmp_path / "out"), *flags]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_left_as_it_is(run: Path, tmp_path: Path,
                                                        capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine").write_text("mine")
    assert main(["export", str(run), "--out", str(tmp_path / "out")]) == 2
    assert "not an empty folder" in capsys.readouterr().err
    assert (tmp_path / "out" / "mine").read_text() == "mine"


def test_a_run_of_points_has_no_counterpart(run_folder: Path, tmp_path: Path,
                                            capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", str(run_folder), "--out", str(tmp_path / "out")]) == 2
    assert "a U-Net that diffuses pictures" in capsys.readouterr().err
