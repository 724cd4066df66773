"""An autoencoder experiment trains, reconstructs, samples, and refuses what it does not have."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from autoencoder_small import small, small_recipe

from genloom.errors import InputError
from genloom.recipes.build_autoencoder import AutoencoderExperiment, decode_noise, device_of
from genloom.recipes.experiment import SampleRequest
from genloom.report.provenance import read_provenance
from genloom.rng import StepRng


def test_the_facts_name_the_data_first_and_the_compression() -> None:
    facts = small().facts()
    assert facts[0][0] == "data"
    assert dict(facts)["latents"] == "4 × 8 × 8 = 256 numbers for 768 (3 : 1)"


def test_the_job_has_one_finite_loss_with_a_gradient_for_each_weight() -> None:
    experiment = AutoencoderExperiment(small_recipe())
    job = experiment.job()
    optimizer = torch.optim.SGD(experiment.network.parameters(), lr=0.1)
    for step in range(3):  # what starts at 0 hides what is before it
        (update,) = job.method.updates(job.networks, job.source.batch(torch.arange(8)), StepRng(0, step))
        optimizer.zero_grad()
        update.loss.backward()
        optimizer.step()
    assert update.optimizer == "autoencoder"
    assert update.loss.isfinite()
    assert set(update.metrics) == {"reconstruction", "kl"}
    assert [n for n, p in experiment.network.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0] == []


def test_the_loss_is_a_function_of_seed_and_step() -> None:
    job = small().job()
    batch = job.source.batch(torch.arange(8))
    a, b, c = (next(iter(job.method.updates(job.networks, batch, StepRng(0, step)))).loss.item() for step in (1, 1, 2))
    assert a == b != c
    again = AutoencoderExperiment(small_recipe())
    for mine, other in zip(small().network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(mine, other)


def test_the_training_latents_are_standardised() -> None:
    experiment = small()
    space = experiment.space(experiment.job().networks)
    x = experiment.floats(experiment.data.pictures)
    noise = torch.randn((len(x), *experiment.shape), generator=torch.Generator().manual_seed(0))
    z = space.encode(x, noise).double().transpose(0, 1).flatten(1)
    assert z.mean(1).abs().max() < 0.02
    assert (z.std(1) - 1).abs().max() < 0.02


def test_reconstructions_go_through_the_latents() -> None:
    experiment = small()
    networks = experiment.job().networks
    x, space = experiment.judged(5), experiment.space(networks)
    torch.testing.assert_close(space.decode(space.encode(x)), experiment.reconstruct(networks, x), rtol=0, atol=1e-4)


def test_decoded_noise_does_not_depend_on_how_much_is_drawn() -> None:
    experiment = small()
    networks = experiment.job().networks
    space = experiment.space(networks)
    few, many = (decode_noise(space, count, 3, device_of(networks)) for count in (3, 7))
    assert (few.int() - many[:3].int()).abs().max() <= 1
    assert few.dtype == torch.uint8


def test_a_request_gives_decoded_noise_and_reconstructions_that_say_so(tmp_path: Path) -> None:
    experiment = small()
    noise, sheet = experiment.sample(experiment.job().networks, SampleRequest(count=5), tmp_path, {"recipe": "r"})
    assert "not samples" in read_provenance(noise)["what"]
    assert "kept from training" in read_provenance(sheet)["what"]


@pytest.mark.parametrize(("request_", "said"), [
    (SampleRequest(sampler="ddim"), "sampler"), (SampleRequest(steps=3), "steps"),
    (SampleRequest(labels="1"), "labels"), (SampleRequest(count=0), "count = 0")])
def test_what_an_autoencoder_has_not_is_refused(request_: SampleRequest, said: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=said):
        small().sample(small().job().networks, request_, tmp_path, {})


def test_of_many_pictures_the_linear_code_takes_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("genloom.recipes.build_autoencoder._LINEAR", 300)
    recipe = small_recipe()
    assert AutoencoderExperiment(recipe).linear.n == 300


def test_a_size_that_cannot_be_halved_is_refused() -> None:
    recipe = small_recipe()
    with pytest.raises(InputError, match=r"data\.size"):
        AutoencoderExperiment(replace(recipe, data=replace(recipe.data, size=17)))
