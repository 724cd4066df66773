"""The latent space of a run is that of its weights, and anything that is no such run is refused in one line."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from autoencoder_small import small_recipe

from genloom.errors import CheckpointError, InputError, RunError
from genloom.recipes import recipe, rules, to_yaml
from genloom.recipes.build_autoencoder import AutoencoderExperiment
from genloom.recipes.build_images import ImagesExperiment
from genloom.recipes.latent_space import latent_space
from genloom.rng import StepRng
from genloom.training.checkpoint import load_networks
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen

DATA = small_recipe().data


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("autoencoder") / "run"
    run = RunFolder.create(path, to_yaml(small_recipe()), ["genloom"], {})
    job = AutoencoderExperiment(small_recipe()).job()
    fit(replace(job, draw=None, judge=None), run, screen=Screen("quiet"))
    return path


def test_it_is_the_space_of_the_trained_weights(trained: Path) -> None:
    experiment = AutoencoderExperiment(small_recipe())
    networks = experiment.job().networks
    loaded = load_networks(trained, networks)
    x = experiment.judged(4)
    space = latent_space(trained, DATA)
    assert space.shape == (4, 8, 8)
    assert space.digest == loaded.digest
    assert loaded.step == 2
    torch.testing.assert_close(space.encode(x), experiment.space(networks).encode(x), rtol=0, atol=0)
    assert not torch.allclose(space.encode(x), AutoencoderExperiment(small_recipe()).space(
        AutoencoderExperiment(small_recipe()).job().networks).encode(x), atol=1e-4)


def test_the_best_weights_are_taken_where_the_run_says_which_those_are(tmp_path: Path) -> None:
    recipe = small_recipe(engine=replace(small_recipe().engine, save_every=1, evaluate_every=1))
    run = RunFolder.create(tmp_path / "run", to_yaml(recipe), ["genloom"], {})
    values = iter((1.0, 2.0))  # the first step is the better one
    job = replace(AutoencoderExperiment(recipe).job(), draw=None, judge=lambda networks: {"missed": next(values)})
    fit(job, run, screen=Screen("quiet"))
    networks = AutoencoderExperiment(recipe).job().networks
    digests = [load_networks(run.path, networks, step=step).digest for step in (1, "last")]
    assert latent_space(run.path, DATA).digest == digests[0] != digests[1]


def test_pictures_come_back_and_no_gradient_is_kept(trained: Path) -> None:
    space = latent_space(trained, DATA)
    x = AutoencoderExperiment(small_recipe()).judged(3)
    back = space.decode(space.encode(x))
    assert back.shape == x.shape
    assert not back.requires_grad


def test_two_loadings_are_equal(trained: Path) -> None:
    a, b = (latent_space(trained, DATA) for _ in range(2))
    assert torch.equal(a.standard.shift, b.standard.shift)
    assert torch.equal(a.standard.scale, b.standard.scale)


@pytest.mark.parametrize(("changes", "said"), [
    ({"size": 32}, r"data\.size = 32: must be 16.*pass --data\.size 16"), ({"channels": 1}, r"data\.channels = 1.*3")])
def test_pictures_of_another_kind_are_refused(trained: Path, changes: dict[str, int], said: str) -> None:
    with pytest.raises(InputError, match=said):
        latent_space(trained, replace(DATA, **changes))


def test_what_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="not a run"):
        latent_space(tmp_path / "none", DATA)
    (tmp_path / "recipe.yaml").write_text("family: none")
    with pytest.raises(RunError, match=r"recipe\.yaml"):
        latent_space(tmp_path, DATA)


def test_the_run_of_another_family_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(to_yaml(recipe("ve-square")))
    with pytest.raises(InputError, match=r"latent\.autoencoder.*'points'.*genloom train kl-autoencoder"):
        latent_space(tmp_path, DATA)


def test_a_run_without_weights_is_refused(tmp_path: Path) -> None:
    (tmp_path / "recipe.yaml").write_text(to_yaml(small_recipe()))
    with pytest.raises(CheckpointError, match="no checkpoint"):
        latent_space(tmp_path, DATA)


def test_a_diffusion_model_lives_in_it(trained: Path, tmp_path: Path) -> None:
    base = recipe("ddpm-images")
    chosen = replace(
        base, data=DATA, latent=replace(base.latent, autoencoder=str(trained)),
        network=replace(base.network, width=4, multipliers=(1, 2), blocks=1, attention=(4,), heads=1),
        sampling=replace(base.sampling, steps=2), engine=replace(base.engine, steps=2, batch_size=8, tensorboard=False))
    rules.validate(chosen)
    experiment = ImagesExperiment(chosen)
    assert experiment.shape == (4, 8, 8)
    run = RunFolder.create(tmp_path / "run", to_yaml(chosen), ["genloom"], {})
    fit(replace(experiment.job(), draw=None, judge=None), run, screen=Screen("quiet"))
    assert run.status["state"] == "finished"
    drawn = experiment.draw(experiment.job().networks, count=3, seed=0)
    assert (drawn.shape, drawn.dtype) == ((3, 3, 16, 16), torch.uint8)
    x = experiment.prepare({"x": experiment.data.pictures[:200]}, StepRng(0, 0))["x"]
    assert x.shape[1:] == (4, 8, 8)
    assert abs(x.mean()) < 0.2
    assert abs(x.std() - 1) < 0.2
