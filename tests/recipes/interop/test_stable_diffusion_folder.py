"""A pipeline's folder is looked at before anything of it is loaded; no code and no pickle of a stranger is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from genloom.errors import DataError, InputError
from genloom.recipes.interop import hub
from genloom.recipes.interop.stable_diffusion_folder import (
    CLASS,
    INDEX,
    WEIGHTS,
    fetched,
    files_wanted,
    local,
    on_the_hub,
    require,
)

PARTS = {"_class_name": CLASS, "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
         "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
         "scheduler": ["diffusers", "PNDMScheduler"], "safety_checker": [None, None]}


def made(folder: Path, ending: str = ".safetensors", *, checker: bool = False, **parts: Any) -> Path:
    """A folder with the names of a pipeline's files, and nothing in them but the index."""
    folder.mkdir()
    index = {**PARTS, **({"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"]} if checker else {}),
             **parts}
    (folder / INDEX).write_text(json.dumps(index))
    for name, stem in WEIGHTS.items():
        if checker or name != "safety_checker":
            (folder / name).mkdir()
            (folder / name / "config.json").write_text("{}")
            (folder / name / f"{stem}{ending}").write_bytes(b"w")
    return folder


def test_a_folder_is_found_with_its_variant_and_its_checker(tmp_path: Path) -> None:
    plain, half = local(str(made(tmp_path / "a"))), local(str(made(tmp_path / "b", ".fp16.safetensors", checker=True)))
    assert (plain.variant, plain.checks) == (None, False)
    assert (half.variant, half.checks) == ("fp16", True)


def test_the_fingerprint_is_that_of_the_files(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    before = local(str(folder)).fingerprint
    assert local(str(folder)).fingerprint == before
    (folder / "unet/diffusion_pytorch_model.safetensors").write_bytes(b"other")
    assert local(str(folder)).fingerprint != before


def test_full_precision_is_taken_where_both_are_there(tmp_path: Path) -> None:
    folder = made(tmp_path / "a")
    for name, stem in WEIGHTS.items():
        if (folder / name).is_dir():
            (folder / name / f"{stem}.fp16.safetensors").write_bytes(b"h")
    assert local(str(folder)).variant is None


def test_pickled_and_foreign_files_are_not_asked_for() -> None:
    names = [INDEX, "unet/config.json", "custom.py", "v1-5-pruned.ckpt", "tokenizer/vocab.json", "unet/extra.py",
             *(f"{folder}/{stem}{ending}" for folder, stem in WEIGHTS.items() for ending in (".safetensors", ".bin"))]
    wanted = files_wanted(names)
    assert {Path(name).suffix for name in wanted} == {".json", ".safetensors"}
    assert "safety_checker/model.safetensors" not in wanted, "its configuration is not there"


@pytest.mark.parametrize(("change", "said"), [
    ({"_class_name": "FluxPipeline"}, "it is a FluxPipeline"), ({"unet": ["my_code", "UNet"]}, "own code is not run"),
    ({"vae": [None, None]}, "names no vae")])
def test_other_pipelines_are_refused(change: dict[str, Any], said: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=said):
        local(str(made(tmp_path / "a", **change)))


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no model_index\.json"):
        local(str(tmp_path))
    with pytest.raises(DataError, match=r"no unet/diffusion_pytorch_model\.safetensors; its \.bin files can run code"):
        local(str(made(tmp_path / "a", ".bin")))
    (tmp_path / "a" / INDEX).write_text("[]")
    with pytest.raises(DataError, match=r"\.bin"):
        local(str(tmp_path / "a"))


def test_places_that_can_be_no_model_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a folder that is there, or owner/name"):
        require(str(tmp_path / "not here"))
    file = tmp_path / "v1-5.safetensors"
    file.write_bytes(b"")
    with pytest.raises(InputError, match="from_single_file"):
        require(str(file))
    require("somebody/something")
    require(str(made(tmp_path / "a")))
    assert not on_the_hub(str(tmp_path / "a"))


def test_a_name_of_the_hub_is_pulled_file_by_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, asked = made(tmp_path / "a"), []

    def pull(name: str, wanted: Any) -> Path:
        asked.append((name, wanted))
        return folder

    monkeypatch.setattr(hub, "pull", pull)
    found = fetched("somebody/something@v2")
    assert asked == [("somebody/something@v2", files_wanted)]
    assert (found.place, found.folder) == ("somebody/something@v2", folder)
    assert fetched(str(folder)).place == str(folder)
    assert len(asked) == 1


def test_what_was_fetched_before_is_taken_without_a_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unreachable(name: str, wanted: Any) -> Path:
        raise hub.NotFetched("no connection")

    folder = made(tmp_path / "a")
    monkeypatch.setattr(hub, "pull", unreachable)
    monkeypatch.setattr(hub, "kept", lambda name: folder)
    assert fetched("somebody/something").folder == folder
    (folder / "unet/diffusion_pytorch_model.safetensors").unlink()
    for kept in (folder, None):  # a part of it is no more use than nothing
        monkeypatch.setattr(hub, "kept", lambda name, kept=kept: kept)
        with pytest.raises(hub.NotFetched, match="no connection"):
            fetched("somebody/something")


def test_a_model_of_another_kind_is_not_looked_for_among_those_fetched_before(monkeypatch: pytest.MonkeyPatch) -> None:
    def another(name: str, wanted: Any) -> Path:
        raise DataError("it has no model_index.json")

    monkeypatch.setattr(hub, "pull", another)
    monkeypatch.setattr(hub, "kept", lambda name: pytest.fail("nothing was asked for"))
    with pytest.raises(DataError, match="no model_index"):
        fetched("somebody/something")
