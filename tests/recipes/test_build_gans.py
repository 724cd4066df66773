"""A GAN recipe made real: what it trains on, what it draws, and what it refuses."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from gans_small import TOLD, built, small, trained

from genloom.errors import InputError, UnknownName
from genloom.gan.diagnosis import Watch
from genloom.recipes.build_gans import BLOCK, GanExperiment
from genloom.recipes.gans import Evaluation, Latent, Loss, Network, Penalty
from genloom.recipes.images import Data
from genloom.rng import StepRng


@pytest.fixture(scope="module")
def plain() -> GanExperiment:
    return built()


@pytest.fixture(scope="module")
def told() -> GanExperiment:
    experiment = built(network=TOLD)
    torch.nn.init.normal_(experiment.networks["generator"].layers[0].weight, std=0.3)
    return experiment


def test_facts_begin_with_the_data_and_name_the_game() -> None:
    experiment = built(loss=Loss(adversarial="hinge", critic_steps=2, clip=0.1))
    facts = dict(experiment.facts())
    assert next(iter(facts)) == "data"
    assert "scikit-learn's digits" in facts["data"]
    assert "generator of" in facts["network"]
    assert facts["game"] == "hinge loss; 2 steps of the discriminator for each of the generator; weights clipped at 0.1"


def test_facts_tell_of_drift_and_of_batch_norms_that_several_processes_do_not_share() -> None:
    changes = {"penalty": Penalty(drift=0.001), "network": Network(kind="course")}
    assert "batch norm" not in dict(built(**changes).facts())
    assert dict(built(**changes).facts())["game"].endswith("; drift of weight 0.001")
    several = {"engine": replace(small().engine, devices=2, nodes=2)}
    assert dict(built(**changes, **several).facts())["batch norm"].startswith("each of 4 processes")
    assert "batch norm" not in dict(built(network=Network(kind="mlp"), **several).facts())


def test_a_batch_is_what_the_pair_works_with(plain: GanExperiment, told: GanExperiment) -> None:
    job = plain.job()
    ready = plain.prepare(job.source.batch(torch.arange(6)), StepRng(0, 1))
    assert list(ready) == ["x"]
    assert ready["x"].shape == (6, 1, 16, 16)
    assert 0 <= ready["x"].min() < 0.1
    assert 0.9 < ready["x"].max() <= 1
    torch.testing.assert_close(ready["x"], plain.real_floats(6))
    conditional = told.prepare(told.job().source.batch(torch.arange(6)), StepRng(0, 1))
    assert told.data.labels is not None
    assert torch.equal(conditional["y"], torch.eye(10)[told.data.labels[:6]])
    signed = built(network=Network(kind="course"))
    assert signed.prepare(job.source.batch(torch.arange(6)), StepRng(0, 1))["x"].min() == -1
    assert signed.real_floats(3, kept=True).shape == (3, 1, 16, 16)


def test_the_job_has_both_optimizers_and_the_pictures_of_all_critic_steps() -> None:
    rates = {"generator": replace(small().generator, lr=1e-3), "discriminator": replace(small().discriminator, lr=2e-4)}
    chosen = small(loss=Loss(critic_steps=3), **rates)
    job = GanExperiment(chosen).job()
    assert list(job.networks) == list(job.optimizers) == ["generator", "discriminator"]
    assert (job.optimizers["generator"].lr, job.optimizers["discriminator"].lr) == (1e-3, 2e-4)
    assert job.options.batch_size == 24
    assert isinstance(job.watch, Watch)
    assert not job.choose, "a distance in the features of pixels chooses no checkpoint"
    batch = job.source.batch(torch.arange(24))
    updates = list(job.method.updates(job.networks, batch, StepRng(0, 0)))
    assert [update.optimizer for update in updates] == ["discriminator"] * 3 + ["generator"]
    assert all(update.loss.isfinite() for update in updates)


def test_a_sample_has_the_same_bits_whatever_else_is_drawn(plain: GanExperiment) -> None:
    whole = plain.draw(plain.networks, count=BLOCK + 30, seed=3)
    assert whole.dtype == torch.uint8
    assert len(whole.unique(dim=0)) == len(whole)
    for first, count in ((0, 1), (5, 3), (BLOCK - 2, 7), (BLOCK + 29, 1)):
        part = plain.draw(plain.networks, count=count, seed=3, first=first)
        assert torch.equal(part, whole[first : first + count])
    assert not torch.equal(whole[:8], plain.draw(plain.networks, count=8, seed=4))


def test_the_noise_of_a_sample_is_a_function_of_the_seed_and_its_index(plain: GanExperiment) -> None:
    assert torch.equal(plain.z(9, 1)[4:], plain.z(5, 1, first=4))
    assert plain.z(3, 0).shape == (3, 8)
    assert plain.z(500, 0).abs().max() <= 1
    coded = built(latent=Latent(size=4, categories=3, values=2))
    assert coded.normal(2, 0).shape == (2, 7)
    assert coded.z(2, 0).shape == (2, 9)


def test_a_conditional_sample_depends_on_its_class_and_not_on_its_neighbours_classes(told: GanExperiment) -> None:
    own, same, other = torch.tensor([3, 1]), torch.tensor([3, 9]), torch.tensor([4, 1])
    drawn = told.draw(told.networks, count=2, seed=0, labels=own)
    assert torch.equal(drawn[0], told.draw(told.networks, count=2, seed=0, labels=same)[0])
    changed = told.draw(told.networks, count=2, seed=0, labels=other)
    assert not torch.equal(drawn[0], changed[0])
    assert torch.equal(drawn[1], changed[1])


def test_without_labels_classes_are_as_often_as_in_the_data(told: GanExperiment) -> None:
    labels = told.labels_for(70, 2)
    whole = told.draw(told.networks, count=70, seed=2)
    assert torch.equal(whole, told.draw(told.networks, count=70, seed=2, labels=labels))
    assert torch.equal(whole[66:], told.draw(told.networks, count=4, seed=2, first=66))


def test_labels_are_those_asked_for_and_mistakes_are_named(plain: GanExperiment, told: GanExperiment) -> None:
    asked = told.labels_for(4, 0, "7,2")
    assert asked is not None
    assert asked.tolist() == [7, 2, 7, 2]
    with pytest.raises(UnknownName, match="labels"):
        told.labels_for(1, 0, "eleven")
    assert plain.labels_for(3, 0) is None
    assert plain.y(torch.tensor([1])) is None
    assert plain.in_turn(3) is None
    with pytest.raises(InputError, match="knows no classes"):
        plain.labels_for(1, 0, "7")


def test_a_network_that_is_told_classes_needs_pictures_with_classes(tmp_path: Path) -> None:
    from PIL import Image

    for k in range(8):
        Image.new("L", (16, 16), 20 * k).save(tmp_path / f"{k}.png")
    with pytest.raises(InputError, match="none for data without classes"):
        built(network=TOLD, data=Data(folder=str(tmp_path), size=16, channels=1))


@pytest.mark.parametrize(("changes", "classes"), [
    ({}, 0), ({"evaluation": Evaluation()}, 10), ({"evaluation": Evaluation(features="random")}, 0),
    ({"evaluation": Evaluation(), "data": Data(source="shapes", size=16, channels=1)}, 0)])
def test_classes_are_read_from_digits_by_the_classifier_of_digits_alone(changes: dict[str, object],
                                                                        classes: int) -> None:
    assert built(**changes).readable == classes


@pytest.mark.parametrize("changes", [
    {}, {"network": TOLD, "loss": Loss(adversarial="relativistic", critic_steps=2)},
    {"network": Network(kind="progressive", width=4), "latent": Latent(size=8, categories=3, values=1)}])
def test_a_run_trains_judges_and_draws_on_its_way(tmp_path: Path, changes: dict[str, object]) -> None:
    experiment, networks = trained(tmp_path / "run", **changes)
    rows = [json.loads(line) for line in (tmp_path / "run/metrics.jsonl").read_text().splitlines()]
    assert [row["step"] for row in rows] == [1, 2, 3, 4]
    for name in ("loss/generator", "loss/discriminator", "game/generator", "game/discriminator", "told_apart",
                 "logit_real", "logit_fake", "lr/generator"):
        assert all(name in row for row in rows), name
    judged = [json.loads(line) for line in (tmp_path / "run/evaluations.jsonl").read_text().splitlines()]
    assert [list(row) for row in judged] == [["step", "FD-pixels", "spread"]] * 2
    assert sorted(path.name for path in (tmp_path / "run/samples").glob("*/*.png")) == [
        "step-0000002.png", "step-0000004.png"]
    again = experiment.draw(networks, count=3, seed=0)
    assert torch.equal(again, experiment.draw(networks, count=3, seed=0))


def test_looking_at_samples_moves_nothing(plain: GanExperiment) -> None:
    before = {name: network.state_dict() for name, network in built().networks.items()}
    plain.draw(plain.networks, count=5, seed=0)
    for name, network in plain.networks.items():
        assert all(torch.equal(tensor, before[name][key]) for key, tensor in network.state_dict().items())


def test_sets_of_labels_are_told_and_kept_apart_as_classes_are() -> None:
    experiment = built(network=Network(kind="tables", told="concatenate", judging="projection+auxiliary"))
    torch.nn.init.normal_(experiment.networks["generator"].layers[0].weight, std=0.3)
    sets = (torch.arange(len(experiment.data))[:, None] % torch.arange(2, 12) == 0).to(torch.uint8)
    experiment.data = replace(experiment.data, labels=sets)
    job = experiment.job()
    ready = experiment.prepare(job.source.batch(torch.arange(6)), StepRng(0, 1))
    assert torch.equal(ready["y"], sets[:6].float())
    updates = list(job.method.updates(job.networks, job.source.batch(torch.arange(8)), StepRng(0, 0)))
    assert all(update.loss.isfinite() for update in updates)
    own = experiment.draw(experiment.networks, count=2, seed=0, labels=sets[:2], first=5)
    both = experiment.draw(experiment.networks, count=2, seed=0, labels=sets[[0, 30]], first=5)
    assert torch.equal(own[0], both[0])
    assert not torch.equal(own[1], both[1])
    turn = experiment.in_turn(4)
    assert turn is not None
    assert torch.equal(turn, sets[:4])


def test_sets_of_labels_come_round_again_where_more_are_shown_than_there_are() -> None:
    network = Network(kind="dcgan", width=4, norm="none", told="concatenate", judging="projection")
    few = built(network=network, data=Data(source="scenes", size=16, channels=3, zoom=1.0, flip=False, scenes=2))
    turns, count = few.in_turn(64), len(few.data)
    assert turns is not None
    assert count < 32
    assert torch.equal(turns[:count], turns[count : 2 * count])
    assert few.draw(few.networks, count=64, seed=0, labels=turns).shape == (64, 3, 16, 16)
