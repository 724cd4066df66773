"""What takes the place of data that are missing says so in capitals."""

import os
from pathlib import Path

import pytest

from genloom.errors import DataError, InputError
from genloom.studies import at_hand
from genloom.studies.at_hand import SCENES, cats, digits, features, iclevr, text


def test_without_the_files_the_report_s_first_line_says_what_is_there_instead(tmp_path: Path,
                                                                             monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("GENLOOM_DATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr("genloom.data.store.cache", lambda: tmp_path / "cache")
    assert cats(tmp_path).data.source == "shapes"
    assert "NOT AT HAND" in cats(tmp_path).said
    assert digits(tmp_path).data.source == "digits"
    assert "NOT AT HAND" in digits(tmp_path).said
    scenes = iclevr(tmp_path / "nowhere", 32)
    assert (scenes.data.source, scenes.data.size, scenes.data.scenes) == ("scenes", 32, SCENES)
    assert "NOT AT HAND" in scenes.said
    docs = text(tmp_path)
    assert docs.text == "python-docs"
    assert docs.said.startswith("documentation topics of Python")
    assert "ALICE'S ADVENTURES IN WONDERLAND ARE NOT AT HAND" in docs.said


def test_a_chosen_text_is_taken_and_known_by_its_bytes(tmp_path: Path) -> None:
    mine = tmp_path / "mine.txt"
    mine.write_text("my own text\n", "utf-8")
    before = text(tmp_path, str(mine))
    assert before.text == str(mine)
    assert "NOT AT HAND" not in before.said
    mine.write_text("my own test\n", "utf-8")
    assert text(tmp_path, str(mine)).said != before.said
    with pytest.raises(InputError, match=r"data\.text"):
        text(tmp_path, str(tmp_path / "nowhere"))


@pytest.mark.real_data
def test_with_the_files_they_are_taken() -> None:
    root = Path(os.environ["GENLOOM_DATA"])
    assert cats(root).data.source == "cats64"
    assert digits(root).data.source == "mnist"
    assert digits(root, 16).data.size == 16
    assert iclevr(root).data.source == "iclevr"
    assert text(root).text == "alice"


def test_the_fid_is_taken_where_its_weights_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str, root: Path | None) -> dict[str, Path]:
        raise DataError(f"{name} is not there")

    monkeypatch.setattr(at_hand, "locate", missing)
    assert features(tmp_path) == "auto"
    monkeypatch.setattr(at_hand, "locate", lambda name, root: {"weights.pth": tmp_path / name})
    assert features(tmp_path) == "inception"
