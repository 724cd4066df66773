"""The study's flags have no prefix, are checked with all others, and answer without torch."""

import subprocess
import sys
from pathlib import Path

import pytest

from genloom.cli.verbs import study as verb
from genloom.errors import InputErrors
from genloom.recipes.fields import leaves
from genloom.studies.text_to_image.options import SheetOptions


def test_flags_have_no_prefix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sd15").mkdir()
    words = "text-to-image --model sd15 --prompts mine.txt --steps 20 --guidance 5 --negative-prompt blurred --seed 4"
    options, own = verb.asked(words.split())
    assert (options.name, options.seed) == ("text-to-image", 4)
    assert own == SheetOptions(model=str(tmp_path / "sd15"), prompts=str(tmp_path / "mine.txt"), steps=20, guidance=5.0,
                               negative_prompt="blurred")
    assert verb.default_folder(options, own) == Path("studies/text-to-image-sd15-mine-20-5.0-blurred-seed4")


def test_a_model_of_the_hub_stays_a_name() -> None:
    assert verb.asked(["text-to-image", "--model", "owner/name@v2"])[1].model == "owner/name@v2"


def test_numbers_are_checked_together() -> None:
    with pytest.raises(InputErrors, match="3 problems") as error:
        verb.asked(["text-to-image", "--steps", "0", "--pictures", "100", "--batch", "0"])
    assert "pass --steps 30" in str(error.value)


def test_every_flag_has_help() -> None:
    assert all(leaf.help for leaf in leaves(SheetOptions))


def test_they_need_no_torch() -> None:
    code = "import sys, genloom.studies.text_to_image.options; assert not {'torch', 'diffusers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
