import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from other_models import SMALL, diffusers_unet, shaken, write_folder

from genloom.errors import CheckpointError, InputError
from genloom.recipes import serial
from genloom.recipes.images import Data, ImagesRecipe, Network, Sampling
from genloom.recipes.images_parts import make_network
from genloom.recipes.interop import diffusers_folder
from genloom.recipes.interop.export import export_run
from genloom.recipes.interop.imported import Asked, write_run
from genloom.recipes.process import Diffusion, Schedule
from genloom.training.checkpoint import Checkpoints
from genloom.training.run import RunFolder
from genloom.training.state import Snapshot

SIZES = Network(width=16, multipliers=(1, 2), blocks=1, attention=(8,), heads=2)


def small_run(folder: Path, *, classes: int = 0, ema: bool = False, **changes: Any) -> RunFolder:
    """A run as training leaves it: weights and, with `ema`, other averaged ones; the steps 5 and 10."""
    recipe = replace(ImagesRecipe(
        name="ddpm-images", summary="small", data=Data(source="shapes", size=16, folder="/home/me/cats"),
        network=replace(SIZES, conditioning="class" if classes else "none"), schedule=Schedule(kind="cosine", steps=50),
        sampling=Sampling(sampler="ddim", steps=10)), **changes)
    run = RunFolder.create(folder, serial.to_yaml(recipe), ["genloom"], {})
    checkpoints = Checkpoints(run.checkpoints)
    checkpoints.sweep()
    for step in (5, 10):
        tensors = {}
        for place, group in enumerate(["networks", "ema"] if ema else ["networks"]):
            network = shaken(make_network(recipe.network, size=16, channels=3, classes=classes, seed=0), step + place)
            tensors[group] = {f"denoiser/{name}": tensor for name, tensor in network.state_dict().items()}
        checkpoints.save(Snapshot(step, tensors, {}))
    return run


@torch.no_grad()
@pytest.mark.parametrize("classes", [0, 3])
def test_diffusers_opens_it_and_it_is_the_same_function(tmp_path: Path, classes: int) -> None:
    from diffusers import UNet2DModel

    made = export_run(small_run(tmp_path / "run", classes=classes), tmp_path / "out")
    theirs = UNet2DModel.from_pretrained(tmp_path / "out", subfolder="unet").eval()
    ours = shaken(make_network(SIZES, size=16, channels=3, classes=classes, seed=0), 10)
    x, t = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(0)), torch.tensor([0.0, 49.0])
    for labels in [None] if not classes else [torch.tensor([0, 2]), torch.tensor([classes, classes])]:
        expected = ours(x, t, labels)
        torch.testing.assert_close(theirs(x, t, class_labels=labels).sample, expected, rtol=0, atol=1e-5)
    if classes:  # our "none" is their last class
        torch.testing.assert_close(ours(x, t, None), expected, rtol=0, atol=0)
    assert (made.loaded.step, made.loaded.averaged) == (10, False)


def test_a_pipeline_of_diffusers_draws_from_it(tmp_path: Path) -> None:
    """Its pictures are those of our own ddim, from the same noise, on the same grid of ten steps."""
    from diffusers import DDIMPipeline, DDPMPipeline

    from genloom.diffusion.grid import grid
    from genloom.diffusion.guidance import clipped
    from genloom.diffusion.samplers.registry import sample
    from genloom.recipes.process_parts import make_denoiser, make_schedule

    run = small_run(tmp_path / "run")
    recipe = serial.from_yaml(run.recipe_yaml)
    export_run(run, tmp_path / "out")
    pipeline = DDIMPipeline.from_pretrained(tmp_path / "out")
    pipeline.set_progress_bar_config(disable=True)
    theirs = pipeline(batch_size=2, generator=torch.Generator().manual_seed(3), num_inference_steps=10, eta=0.0,
                      use_clipped_model_output=True, output_type="np").images
    start = torch.randn(2, 3, 16, 16, generator=torch.Generator().manual_seed(3))
    schedule = make_schedule(recipe.schedule)
    network = shaken(make_network(SIZES, size=16, channels=3, classes=0, seed=0), 10)
    with torch.no_grad():
        x = sample("ddim", clipped(make_denoiser(recipe.diffusion, schedule, network)), start, grid(schedule, 10))
    ours = (x / 2 + 0.5).clamp(0, 1).permute(0, 2, 3, 1)
    torch.testing.assert_close(torch.from_numpy(theirs), ours, rtol=0, atol=1e-3)
    ancestral = DDPMPipeline.from_pretrained(tmp_path / "out")
    ancestral.set_progress_bar_config(disable=True)
    assert ancestral(num_inference_steps=50, output_type="np").images.shape == (1, 16, 16, 3)


def test_averaged_weights_are_taken_where_there_are_any(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", ema=True)
    assert export_run(run, tmp_path / "out").loaded.averaged
    found = diffusers_folder.read(tmp_path / "out", "it", Asked())
    averaged = shaken(make_network(SIZES, size=16, channels=3, classes=0, seed=0), 11).state_dict()
    assert all(torch.equal(found.state[name], averaged[name]) for name in averaged)


def test_there_and_back_every_bit_and_the_process_are_the_same(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run", classes=3)
    export_run(run, tmp_path / "out")
    back = write_run(diffusers_folder.read(tmp_path / "out", "it", Asked()), tmp_path / "back", [], {})
    there = Checkpoints(run.checkpoints).load(10).tensors["networks"]
    here = Checkpoints(back.checkpoints).load(1).tensors["networks"]
    assert all(torch.equal(there[key], here[key]) for key in there)
    before, after = serial.from_yaml(run.recipe_yaml), serial.from_yaml(back.recipe_yaml)
    assert (after.schedule, after.diffusion, after.sampling) == (before.schedule, before.diffusion, before.sampling)
    assert after.name == "ddpm-images"


def test_an_imported_model_goes_back_as_it_came(tmp_path: Path) -> None:
    from safetensors.torch import load_file

    theirs = write_folder(tmp_path / "theirs", diffusers_unet(**SMALL), {"num_train_timesteps": 100})
    run = write_run(diffusers_folder.read(theirs, "it", Asked()), tmp_path / "run", [], {})
    export_run(run, tmp_path / "out")
    name = "unet/diffusion_pytorch_model.safetensors"
    before, after = load_file(theirs / name), load_file(tmp_path / "out" / name)
    assert set(before) == set(after)
    assert all(torch.equal(before[key], after[key]) for key in before)


def test_a_step_can_be_named_and_a_missing_one_leaves_nothing(tmp_path: Path) -> None:
    run = small_run(tmp_path / "run")
    assert export_run(run, tmp_path / "out", 5).loaded.step == 5
    with pytest.raises(CheckpointError, match="no checkpoint 7"):
        export_run(run, tmp_path / "other", 7)
    assert not (tmp_path / "other").exists()


def test_paths_of_the_machine_stay_here(tmp_path: Path) -> None:
    export_run(small_run(tmp_path / "run"), tmp_path / "out")
    for path in (tmp_path / "out").rglob("*"):
        if path.is_file():
            assert b"/home/me" not in path.read_bytes()


@pytest.mark.parametrize(("changes", "named"), [
    ({"network": Network(kind="dit", width=32, heads=2)}, "RUN"),
    ({"schedule": Schedule(kind="rectified"), "diffusion": Diffusion(prediction="flow")}, "schedule.kind"),
    ({"diffusion": Diffusion(prediction="score", time_input="index")}, "diffusion.prediction"),
    ({"diffusion": Diffusion(time_input="t")}, "diffusion.time_input"),
    ({"network": replace(SIZES, attention=(16, 8), details='{"heads": 4, "head_channels": null}')}, "heads"),
    ({"network": replace(SIZES, details='{"groups": 32}')}, "UNet2DModel.groups")])
def test_what_diffusers_has_no_counterpart_of_is_refused_and_leaves_nothing(
        tmp_path: Path, changes: dict[str, Any], named: str) -> None:
    run = small_run(tmp_path / "run", **changes)
    with pytest.raises(InputError, match=named):
        export_run(run, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_files_are_those_that_diffusers_writes(tmp_path: Path) -> None:
    export_run(small_run(tmp_path / "run"), tmp_path / "out")
    index = json.loads((tmp_path / "out" / "model_index.json").read_text())
    assert index["_class_name"] == "DDPMPipeline"
    names = {str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert names == {"README.md", "model_index.json", "recipe.yaml", "scheduler/scheduler_config.json",
                     "unet/config.json", "unet/diffusion_pytorch_model.safetensors"}
