import json
from pathlib import Path

import pytest
import torch

from genloom.errors import CheckpointError, DiskFullError, InputError, RunError
from genloom.nn.unet_shape import UNetShape
from genloom.recipes import serial
from genloom.recipes.interop import diffusers_folder
from genloom.recipes.interop.imported import Asked, Imported, network_of, recipe_of, write_run
from genloom.recipes.process import Schedule
from genloom.training import checkpoint
from genloom.training.checkpoint import Checkpoints, load_networks
from genloom.training.run import RunFolder

SHAPE = UNetShape(size=16, width=16, multipliers=(1, 2), attention=(8,), groups=16)


@pytest.fixture
def imported(pipeline: Path, asked: Asked) -> Imported:
    return diffusers_folder.read(pipeline, "it", asked)


def test_the_run_is_one_that_the_engine_reads(imported: Imported, tmp_path: Path) -> None:
    from genloom.recipes.build_images import ImagesExperiment

    run = write_run(imported, tmp_path / "run", ["genloom", "import"], {})
    experiment = ImagesExperiment(serial.from_yaml(RunFolder.open(run.path).recipe_yaml))
    networks = experiment.job().networks
    loaded = load_networks(run.path, networks)
    assert (loaded.step, loaded.averaged, run.status["state"]) == (1, False, "finished")
    state = networks["denoiser"].state_dict()
    assert all(torch.equal(state[key], imported.state[key]) for key in imported.state)
    Checkpoints(run.checkpoints).verify(1)


def test_weights_of_another_network_leave_nothing(imported: Imported, tmp_path: Path) -> None:
    for state in ({}, {**imported.state, "more": torch.zeros(1)}):
        with pytest.raises(CheckpointError):
            write_run(Imported(imported.recipe, state), tmp_path / "run", [], {})
        assert not (tmp_path / "run").exists()


def test_a_full_disk_leaves_nothing_but_a_folder_that_was_there(
        imported: Imported, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise DiskFullError("full")

    monkeypatch.setattr(checkpoint.files, "require_room", full)
    (tmp_path / "there").mkdir()
    for out in (tmp_path / "there", tmp_path / "new" / "run"):
        with pytest.raises(DiskFullError):
            write_run(imported, out, [], {})
    assert list((tmp_path / "there").iterdir()) == []
    assert not (tmp_path / "new" / "run").exists()


def test_a_folder_with_something_in_it_is_left_as_it_is(imported: Imported, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(RunError, match="not empty"):
        write_run(imported, tmp_path / "full", [], {})
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"


def test_the_whole_architecture_stands_in_the_recipe(asked: Asked) -> None:
    recipe = recipe_of(SHAPE, Schedule(kind="cosine", steps=50), "it", asked)
    details = json.loads(recipe.network.details)
    assert UNetShape(**{key: tuple(each) if isinstance(each, list) else each for key, each in details.items()}) == SHAPE
    assert network_of(SHAPE).conditioning == "none"
    assert recipe.sampling.steps == 20


@pytest.mark.parametrize(("asked", "named"), [(Asked(data="imagenet"), "data.source"), (Asked(data=""), "data.source")])
def test_data_that_are_not_there_are_refused_by_name(asked: Asked, named: str) -> None:
    with pytest.raises(InputError, match=named):
        recipe_of(SHAPE, Schedule(kind="cosine", steps=50), "it", asked)


def test_a_table_of_4000_entries_fits_into_a_recipe_file(asked: Asked) -> None:
    from genloom.recipes.interop.diffusers_scheduler import schedule_of

    betas = torch.linspace(1.23456789e-5, 0.0123456789, 4000, dtype=torch.float64)
    recipe = recipe_of(SHAPE, schedule_of(betas), "it", asked)
    back = serial.from_yaml(serial.to_yaml(recipe))
    torch.testing.assert_close(torch.tensor(back.schedule.betas, dtype=torch.float64), betas, rtol=5.1e-8, atol=0)
