"""A GAN of points trains, draws and refuses what cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gan_points_small import small_gan, small_told_gan

from genloom.errors import InputError, UnknownName
from genloom.gan.method import Playing
from genloom.recipes import to_yaml
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.gan_points import gan_ring
from genloom.recipes.gans import Latent, Loss, Penalty
from genloom.rng import StepRng
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


def test_the_facts_name_the_data_first_and_the_game() -> None:
    facts = small_gan().facts()
    assert facts[0][0] == "data"
    assert dict(facts)["game"] == "non-saturating, r1 of weight 0.1"
    clipped = small_gan(loss=Loss(adversarial="wasserstein", clip=0.1), penalty=Penalty())
    assert dict(clipped.facts())["game"] == "wasserstein, weights clipped at 0.1"
    drifting = small_gan(penalty=Penalty(kind="unit-slope", weight=2.0, every=3, drift=0.5))
    assert dict(drifting.facts())["game"] == "non-saturating, unit-slope of weight 2, drift of weight 0.5"
    game = drifting.job().method
    assert isinstance(game, Playing)
    assert vars(game.penalty) == vars(drifting.recipe.penalty)


@pytest.mark.parametrize("make", [small_gan, small_told_gan])
def test_both_networks_move_and_every_parameter_has_a_gradient(make: object) -> None:
    experiment = make()  # type: ignore[operator]
    job = experiment.job()
    batch = job.source.batch(torch.arange(20))
    asked = []
    for update in job.method.updates(job.networks, batch, StepRng(0, 0)):
        asked.append(update.optimizer)
        parameters = list(job.networks[update.optimizer].parameters())
        gradients = torch.autograd.grad(update.loss, parameters)
        assert all(gradient.isfinite().all() for gradient in gradients)
        assert all(gradient.abs().sum() > 0 for gradient in gradients)
    assert asked == ["discriminator", "generator"]


def test_a_batch_holds_the_points_of_all_critic_steps() -> None:
    experiment = small_gan(loss=Loss(adversarial="wasserstein", critic_steps=3), penalty=Penalty(kind="unit-slope"))
    job = experiment.job()
    assert job.options.batch_size == 3 * experiment.recipe.engine.batch_size
    batch = job.source.batch(torch.arange(60))
    names = [update.optimizer for update in job.method.updates(job.networks, batch, StepRng(0, 0))]
    assert names == ["discriminator"] * 3 + ["generator"]


def test_networks_are_a_function_of_the_seed_alone() -> None:
    first, again = (small_gan().networks["generator"].state_dict() for _ in range(2))
    assert all(torch.equal(first[name], again[name]) for name in first)
    base = small_gan().recipe
    other = small_gan(engine=replace(base.engine, seed=1)).networks["generator"].state_dict()
    assert not torch.equal(first["output.weight"], other["output.weight"])


def test_a_point_does_not_depend_on_how_many_are_drawn() -> None:
    experiment = small_gan()
    few, many, later = (experiment.draw(experiment.networks, count=n, seed=3, first=first)
                        for n, first in ((5, 0), (40, 0), (10, 30)))
    torch.testing.assert_close(many[:5], few, rtol=0, atol=1e-6)
    torch.testing.assert_close(many[30:], later, rtol=0, atol=1e-6)


def test_labels_are_named_and_used_or_refused() -> None:
    told = small_told_gan()
    labels = told.labels_for(4, 0, f"{told.data.class_names[1]}, 0")
    assert labels.tolist() == [1, 0, 1, 0]
    with pytest.raises(UnknownName):
        told.labels_for(1, 0, "z9")
    one, other = (told.draw(told.networks, count=3, seed=0, labels=torch.full((3,), k)) for k in (0, 3))
    assert not torch.equal(one, other)
    assert small_gan().labels_for(3, 0) is None
    with pytest.raises(InputError, match="told no class"):
        small_gan().labels_for(3, 0, "1")


def test_a_request_is_a_table_and_a_picture(tmp_path: Path) -> None:
    experiment = small_told_gan()
    table, picture = experiment.sample(experiment.networks, SampleRequest(count=7, seed=2, labels="0"), tmp_path,
                                       {"recipe": "gan-grid"})
    lines = table.read_text().splitlines()
    assert lines[0] == "x,y,class"
    assert len(lines) == 8
    assert all(line.endswith(",0") for line in lines[1:])
    assert picture.read_bytes().startswith(b"\x89PNG")
    for name, value in (("count", 0), ("sampler", "ddim"), ("steps", 5), ("guidance", 2.0)):
        with pytest.raises(InputError, match=f"{name} = "):
            experiment.sample(experiment.networks, SampleRequest(**{name: value}), tmp_path, {})


def test_an_unfinished_run_goes_on_as_if_it_had_not_been_interrupted(tmp_path: Path) -> None:
    """Two steps and one more are three, with both networks, both optimizers and the averages."""
    def run(name: str, steps: int, resume: bool = False) -> dict[str, torch.Tensor]:
        experiment = small_gan()
        experiment = small_gan(engine=replace(experiment.recipe.engine, steps=steps),
                               generator=replace(experiment.recipe.generator, schedule="constant"),
                               discriminator=replace(experiment.recipe.discriminator, schedule="constant"))
        path = tmp_path / name
        folder = RunFolder.open(path) if resume else RunFolder.create(path, to_yaml(experiment.recipe), ["genloom"], {})
        job = replace(experiment.job(), judge=None, draw=None)
        fit(job, folder, resume=resume, screen=Screen("quiet"))
        return {f"{name}/{key}": value for name, network in job.networks.items()
                for key, value in network.state_dict().items()}

    whole = run("whole", 3)
    run("parts", 2)
    parts = run("parts", 3, resume=True)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


def test_judging_on_the_way_sees_distance_spread_and_modes() -> None:
    experiment = small_gan()
    found = experiment.job().judge(experiment.networks)
    assert list(found) == ["energy distance", "spread", "modes", "found", "good"]
    assert list(small_gan(data=replace(experiment.recipe.data, pattern="moons")).job().judge(experiment.networks)) == [
        "energy distance", "spread"]
    assert small_gan(gan_ring()).modes == 8


def test_codes_are_read_by_the_discriminator() -> None:
    """InfoGAN on points: both networks learn from what is read of the code."""
    experiment = small_gan(latent=Latent(size=2, categories=4, values=1))
    job = experiment.job()
    updates = list(job.method.updates(job.networks, job.source.batch(torch.arange(20)), StepRng(0, 0)))
    assert "surprise" in updates[-1].metrics
    assert experiment.draw(experiment.networks, count=5, seed=0).shape == (5, 2)
