import json
from pathlib import Path

import pytest
import torch
from test_guided_diffusion import LEGACY, NEW, weights_of
from test_min_diffusion import checkpoint

from genloom.errors import CheckpointError, InputError
from genloom.recipes.interop import hub
from genloom.recipes.interop.imported import Asked
from genloom.recipes.interop.read import load


def _saved(path: Path, state: object) -> str:
    torch.save(state, path)  # noqa: TID251 # what other programs write
    return str(path)


def test_a_folder_is_of_diffusers(pipeline: Path, asked: Asked) -> None:
    assert load(str(pipeline), asked).recipe.summary == "UNet2DModel of diffusers, pipeline"


def test_a_name_that_is_no_path_is_of_the_hub(pipeline: Path, asked: Asked, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[str] = []
    monkeypatch.setattr(hub, "pull", lambda name: wanted.append(name) or pipeline)
    assert load("somebody/some-thing@v1", asked).recipe.summary == "UNet2DModel of diffusers, somebody/some-thing@v1"
    assert wanted == ["somebody/some-thing@v1"]


@pytest.mark.parametrize("flags", [NEW, LEGACY])
def test_a_file_of_guided_diffusion_needs_its_flags(tmp_path: Path, flags: object) -> None:
    path = _saved(tmp_path / "guided.pt", weights_of(flags))  # type: ignore[arg-type]
    found = load(path, Asked(architecture=json.dumps(vars(flags))))
    assert "flags of one's own" in found.recipe.summary
    assert found.recipe.network.conditioning == ("class" if flags is NEW else "none")
    assert len(found.notes) == (2 if flags is NEW else 0)
    with pytest.raises(InputError, match="imagenet64"):
        load(path, Asked())
    with pytest.raises(CheckpointError, match="not of the architecture"):
        load(path, Asked(architecture="imagenet64"))


def test_a_file_of_min_diffusion_says_what_it_is(tmp_path: Path, asked: Asked) -> None:
    found = load(_saved(tmp_path / "mnist.pth", checkpoint()), asked)
    assert (found.recipe.network.kind, found.recipe.diffusion.time_input) == ("naive-unet", "t")
    assert found.recipe.schedule.steps == 50


def test_a_file_of_nothing_known_says_what_is_known(tmp_path: Path, asked: Asked) -> None:
    with pytest.raises(CheckpointError, match=r"input_blocks.0.0.weight.*imported by its folder"):
        load(_saved(tmp_path / "other.pt", {"a": torch.zeros(1)}), asked)


@pytest.mark.parametrize("source", ["", "nowhere", "no/where/at all", "../../etc", "somebody/gone.pt", "a/b/c"])
def test_a_source_that_is_nothing_is_refused(source: str, asked: Asked, tmp_path: Path,
                                            monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises((InputError, CheckpointError)):
        load(source, asked)
