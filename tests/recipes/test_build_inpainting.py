"""An inpainting recipe made real: which networks there are, what they are shown, and where pictures come from."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from inpainting_small import built, small

from genloom.data.masks import centre_box
from genloom.errors import InputError
from genloom.recipes.build_inpainting import InpaintingExperiment
from genloom.recipes.experiment import SampleRequest
from genloom.report.provenance import read_provenance
from genloom.rng import StepRng
from genloom.training.engine import fit
from genloom.training.run import RunFolder
from genloom.training.screen import Screen


def test_without_a_game_there_is_one_network_and_with_it_two() -> None:
    assert list(built().networks) == ["generator"]
    played = built(0.1)
    job = played.job()
    assert list(job.networks) == ["generator", "discriminator"]
    assert job.optimizers["generator"].lr == played.recipe.optimizer.lr
    assert job.optimizers["discriminator"].lr == played.recipe.discriminator.lr
    assert job.optimizers["discriminator"].beta1 == 0.5


def test_both_train_and_only_the_updates_that_are_due_come() -> None:
    for weight, names in ((0.0, ["generator"]), (0.1, ["discriminator", "generator"])):
        job = built(weight).job()
        batch = job.source.batch(torch.arange(4))
        updates = list(job.method.updates(job.networks, batch, StepRng(0, 0)))
        assert [update.optimizer for update in updates] == names
        assert all(update.loss.isfinite() for update in updates)


def test_questions_are_of_kept_back_pictures_and_a_function_of_the_seed() -> None:
    experiment = built()
    asked, again = experiment.questions(), experiment.questions()
    assert len(asked.x) == experiment.judged == 12
    assert torch.equal(asked.mask, again.mask)
    assert not torch.equal(asked.mask, experiment.questions(seed=9).mask)
    assert torch.equal(experiment.questions(3, kind="centre").mask, centre_box(3, 16))
    trained = {picture.numpy().tobytes() for picture in experiment.data.pictures}
    assert not any(picture.numpy().tobytes() in trained for picture in experiment.kept.pictures[:12])
    assert (asked.seen[(asked.mask == 0).expand_as(asked.x)] == 0).all()


def test_the_data_keep_as_many_pictures_as_are_judged() -> None:
    whole = small()
    experiment = InpaintingExperiment(replace(whole, evaluation=replace(whole.evaluation, samples=10**6)))
    assert experiment.judged == len(experiment.kept.pictures) // 2


def test_completed_pictures_keep_what_is_known_and_never_depend_on_what_is_not() -> None:
    experiment = built()
    asked = experiment.questions(4)
    torch.nn.init.normal_(experiment.networks["generator"].network.conv_out.weight)
    found = experiment.complete(experiment.networks, asked)
    known = (asked.mask == 1).expand_as(asked.x)
    assert torch.equal(found[known], asked.x[known])
    other = asked._replace(x=torch.where(known, asked.x, 1.0))
    assert torch.equal(experiment.complete(experiment.networks, other)[~known], found[~known])
    assert found.abs().max() <= 1
    assert (found[~known] != 0).any()


def test_weights_are_a_function_of_the_seed() -> None:
    first, second = (built().networks["generator"].state_dict() for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first.values(), second.values(), strict=True))


def test_samples_are_a_sheet_that_knows_where_it_is_from(tmp_path: Path) -> None:
    experiment = built()
    (sheet,) = experiment.sample(experiment.networks, SampleRequest(count=3), tmp_path, {"recipe": "x"})
    assert read_provenance(sheet)["recipe"] == "x"
    for request, word in ((SampleRequest(count=0), "count"), (SampleRequest(steps=5), "steps"),
                          (SampleRequest(labels="cat"), "labels")):
        with pytest.raises(InputError, match=word):
            experiment.sample(experiment.networks, request, tmp_path, {})


def test_a_run_with_a_game_trains_and_logs_both_sides(tmp_path: Path) -> None:
    experiment = built(0.1)
    run = RunFolder.create(tmp_path / "run", "", ["genloom"], {})
    fit(experiment.job(), run, screen=Screen("quiet"))
    torch.set_flush_denormal(False)
    log = (tmp_path / "run" / "metrics.jsonl").read_text()
    for name in ("loss/discriminator", "loss/generator", "squared_error", "deceit", "real_told", "fake_told"):
        assert f'"{name}"' in log


def test_the_facts_begin_with_the_data() -> None:
    facts = dict(built().facts())
    assert next(iter(facts)) == "data"
    assert "kept back" in facts["data"]
    assert facts["hidden"].endswith("(mixed)")
