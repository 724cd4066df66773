import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from other_models import SMALL, diffusers_unet, write_folder

from genloom.errors import CheckpointError, DataError, GenloomError, InputError
from genloom.recipes import serial
from genloom.recipes.interop import diffusers_folder as folders
from genloom.recipes.interop.imported import Asked
from genloom.recipes.process import Schedule

WEIGHTS = "unet/diffusion_pytorch_model.safetensors"


def test_a_pipeline_becomes_a_recipe_and_a_state(pipeline: Path, asked: Asked) -> None:
    found = folders.read(pipeline, "somebody/something", asked)
    recipe = found.recipe
    assert recipe.summary == "UNet2DModel of diffusers, somebody/something"
    assert (recipe.data.size, recipe.data.channels, recipe.schedule.steps) == (16, 3, 100)
    assert (recipe.diffusion.prediction, recipe.diffusion.time_input) == ("noise", "index")
    assert serial.from_yaml(serial.to_yaml(recipe)) == recipe
    assert found.notes == ()


def test_files_side_by_side_are_read_too(pipeline: Path, asked: Asked) -> None:
    whole = folders.read(pipeline, "it", asked)
    flat = pipeline.parent / "flat"
    flat.mkdir()
    for name in ("unet/config.json", "scheduler/scheduler_config.json", WEIGHTS):
        (pipeline / name).rename(flat / Path(name).name)
    found = folders.read(flat, "it", asked)
    assert found.recipe == whole.recipe
    assert all(torch.equal(found.state[key], whole.state[key]) for key in whole.state)


def test_old_binary_weights_are_read_and_safetensors_are_preferred(pipeline: Path, asked: Asked) -> None:
    from safetensors.torch import load_file

    whole = folders.read(pipeline, "it", asked)
    state = load_file(pipeline / WEIGHTS)
    (pipeline / "unet/diffusion_pytorch_model.bin").write_bytes(b"hostile")
    assert folders.read(pipeline, "it", asked).recipe == whole.recipe
    (pipeline / WEIGHTS).unlink()
    torch.save(state, pipeline / "unet/diffusion_pytorch_model.bin")  # noqa: TID251 # what diffusers once wrote
    found = folders.read(pipeline, "it", asked)
    assert all(torch.equal(found.state[key], whole.state[key]) for key in whole.state)


@torch.no_grad()
def test_of_a_learned_variance_the_noise_is_kept(tmp_path: Path, asked: Asked) -> None:
    from genloom.nn.unet import UNet
    from genloom.recipes.images_parts import make_network

    theirs = diffusers_unet(**{**SMALL, "out_channels": 6})
    found = folders.read(write_folder(tmp_path / "six", theirs), "it", asked)
    assert "left out" in found.notes[0]
    ours = make_network(found.recipe.network, size=16, channels=3, classes=0, seed=0).eval()
    assert isinstance(ours, UNet)
    ours.load_state_dict(found.state)
    x, t = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([3.0, 500.0])
    torch.testing.assert_close(ours(x, t), theirs(x, t).sample[:, :3], rtol=0, atol=1e-5)


def test_classes_without_a_none_are_noted(tmp_path: Path, asked: Asked) -> None:
    folder = write_folder(tmp_path / "classes", diffusers_unet(**SMALL, num_class_embeds=4))
    found = folders.read(folder, "it", asked)
    assert json.loads(found.recipe.network.details)["classes"] == 4
    assert "--null-class" in found.notes[0]
    told = folders.read(folder, "it", replace(asked, null_class=True))
    assert json.loads(told.recipe.network.details)["classes"] == 3
    assert told.notes == ()


def test_our_own_recipe_says_the_rest_but_not_its_paths(pipeline: Path, asked: Asked) -> None:
    plain = folders.read(pipeline, "it", asked).recipe
    own = replace(plain, name="ddpm-cats", data=replace(plain.data, source="cats64", folder=""),
                  engine=replace(plain.engine, wandb="online"), evaluation=replace(plain.evaluation, weights="/secret"),
                  sampling=replace(plain.sampling, sampler="ddim", steps=7))
    (pipeline / folders.RECIPE).write_text(serial.to_yaml(own))
    found = folders.read(pipeline, "it", asked).recipe
    assert (found.name, found.data.source, found.sampling.steps) == ("ddpm-cats", "cats64", 7)
    assert (found.engine.wandb, found.evaluation.weights) == ("off", "")
    elsewhere = replace(own, data=replace(own.data, folder="/home/somebody"))
    (pipeline / folders.RECIPE).write_text(serial.to_yaml(elsewhere))
    assert folders.read(pipeline, "it", asked).recipe.data == plain.data
    assert folders.read(pipeline, "it", replace(asked, data="digits")).recipe.data.source == "digits"


@pytest.mark.parametrize("text", ["", "format: 9", "[" * 10_000, "family: points", "\0"])
def test_a_recipe_that_is_none_or_of_another_model_is_passed_over(pipeline: Path, asked: Asked, text: str) -> None:
    plain = folders.read(pipeline, "it", asked).recipe
    (pipeline / folders.RECIPE).write_text(text)
    assert folders.read(pipeline, "it", asked).recipe == plain
    (pipeline / folders.RECIPE).write_text(serial.to_yaml(replace(plain, schedule=Schedule(kind="cosine", steps=50))))
    assert folders.read(pipeline, "it", asked).recipe == plain


def _set(name: str, **change: object) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        body = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps({**body, **change}))

    return act


def _put(name: str, content: bytes | None) -> Callable[[Path], None]:
    def act(folder: Path) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_bytes(content)

    return act


@pytest.mark.parametrize(("spoil", "kind"), [
    (_put("unet/config.json", None), DataError), (_put("scheduler/scheduler_config.json", None), DataError),
    (_put(WEIGHTS, None), DataError), (_put("unet/config.json", b"{"), DataError),
    (_put("unet/config.json", b"[" * 100_000), DataError), (_put("unet/config.json", b"[]"), DataError),
    (_put("scheduler/scheduler_config.json", b"\xff"), DataError),
    (_put("unet/config.json", b" " * (5 << 20)), DataError), (_put(WEIGHTS, b"\x80\x02"), CheckpointError),
    (_set("unet/config.json", _class_name="UNet2DConditionModel"), InputError),
    (_set("unet/config.json", block_out_channels=[16, 64]), CheckpointError),
    (_set("unet/config.json", in_channels=4, out_channels=4), CheckpointError),
    (_set("unet/config.json", out_channels=5), InputError),
    (_set("unet/config.json", sample_size=4), InputError),
    (_set("scheduler/scheduler_config.json", beta_schedule="laplace"), InputError)])
def test_a_folder_that_is_malformed_is_one_error(pipeline: Path, asked: Asked, spoil: Callable[[Path], None],
                                                kind: type[GenloomError]) -> None:
    spoil(pipeline)
    with pytest.raises(kind):
        folders.read(pipeline, "it", asked)


def test_of_a_repository_only_what_is_read_is_wanted() -> None:
    names = ["README.md", "unet/config.json", "unet/diffusion_pytorch_model.bin", WEIGHTS, "model_index.json",
             "scheduler/scheduler_config.json", "samples/1.png"]
    assert folders.files_wanted(names) == ["unet/config.json", "scheduler/scheduler_config.json", WEIGHTS]
    with pytest.raises(DataError, match="holds no UNet2DModel"):
        folders.files_wanted(["model.gguf"])
