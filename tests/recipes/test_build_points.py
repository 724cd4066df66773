"""A points experiment trains, samples and refuses what cannot be."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from points_small import small, small_classes

from genloom.errors import InputError, UnknownName
from genloom.recipes.build_points import PointsExperiment
from genloom.recipes.experiment import SampleRequest
from genloom.recipes.points import ve_square
from genloom.rng import StepRng


def test_the_facts_name_the_data_first_and_the_terminal_snr() -> None:
    facts = small().facts()
    assert facts[0][0] == "data"
    assert dict(facts)["terminal SNR"] == "1 at t = 1"


def test_the_job_has_one_finite_loss_with_a_gradient() -> None:
    job = small_classes().job()
    batch = job.source.batch(torch.arange(50))
    (update,) = job.method.updates(job.networks, batch, StepRng(0, 0))
    assert update.optimizer == "denoiser"
    assert update.loss.isfinite()
    assert update.loss.requires_grad


def test_a_point_does_not_depend_on_how_many_are_drawn() -> None:
    experiment = small()
    networks = experiment.job().networks
    few, many = (experiment.draw(networks, count=n, seed=3) for n in (5, 40))
    torch.testing.assert_close(many[:5], few, rtol=0, atol=1e-6)


def test_labels_are_named_counted_and_repeated() -> None:
    experiment = small_classes()
    names = experiment.data.class_names
    asked = experiment.labels_for(4, 0, f"{names[1]}, 0")
    assert asked is not None
    assert asked.tolist() == [1, 0, 1, 0]
    drawn = experiment.labels_for(5000, 0)
    assert drawn is not None
    assert experiment.data.labels is not None
    share, own = (torch.bincount(y, minlength=5) / len(y) for y in (drawn, experiment.data.labels))
    assert (share - own).abs().max() < 0.03
    with pytest.raises(UnknownName, match="did you mean"):
        experiment.labels_for(1, 0, names[0] + "x")


def test_labels_of_a_model_without_classes_are_refused() -> None:
    assert small().labels_for(3, 0) is None
    with pytest.raises(InputError, match="no classes"):
        small().labels_for(3, 0, "1")


def test_guidance_of_one_is_plain_and_more_is_not() -> None:
    experiment = small_classes()
    networks = experiment.job().networks
    labels = torch.zeros(6, dtype=torch.long)
    plain = experiment.draw(networks, count=6, seed=0, labels=labels)
    guided = replace(experiment.recipe.sampling, guidance=4.0)
    assert not torch.allclose(experiment.draw(networks, guided, count=6, seed=0, labels=labels), plain)


def test_what_a_request_changes_is_used(tmp_path: Path) -> None:
    experiment = small()
    networks = experiment.job().networks
    request = SampleRequest(count=7, sampler="heun", steps=3, seed=2)
    table, picture = experiment.sample(networks, request, tmp_path, {"recipe": "ve-square"})
    assert len(table.read_text().splitlines()) == 8
    sampling = replace(experiment.recipe.sampling, sampler="heun", steps=3)
    first = experiment.draw(networks, sampling, count=7, seed=2)[0]
    assert table.read_text().splitlines()[1] == f"{first[0].item():.9g},{first[1].item():.9g}"
    assert picture.read_bytes().startswith(b"\x89PNG")
    with pytest.raises(InputError, match="count = 0"):
        experiment.sample(networks, SampleRequest(count=0), tmp_path, {})
    with pytest.raises(InputError, match="only models of pictures"):
        experiment.sample(networks, SampleRequest(classifier="digit-classifier"), tmp_path, {})


def test_a_prediction_that_the_schedule_cannot_have_is_refused_before_training() -> None:
    recipe = ve_square()
    with pytest.raises(InputError, match="zero terminal SNR"):
        PointsExperiment(replace(recipe, schedule=replace(recipe.schedule, kind="rectified")))
