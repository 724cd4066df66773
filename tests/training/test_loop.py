from dataclasses import replace

import pytest
import torch
from torch import nn
from training_jobs import engine, regression

from genloom.errors import TrainingError
from genloom.training.distributed import World, join
from genloom.training.loop import Loop
from genloom.training.method import Update
from genloom.training.options import Optimizer
from genloom.training.signals import Stop


@pytest.fixture
def world(tmp_path):
    with join(engine(), tmp_path) as world:
        yield world


class Fixed:
    """A regression without noise, so that the gradient of a batch is the mean of its halves'."""

    def updates(self, networks, batch, rng):
        yield Update("net", (networks["net"](batch["x"]) - batch["y"]).square().mean())


def advanced(world, steps=10, **changes):
    job = regression(engine(batch_size=16, **changes), plain=True, method=Fixed())
    with Loop.build(job, world, Stop()) as loop:
        for _ in range(steps):
            loop.advance()
    return torch.cat([p.detach().flatten() for p in job.networks["net"].parameters()]), loop


def test_accumulating_two_halves_is_one_whole_batch(world):
    whole, first = advanced(world)
    halves, second = advanced(world, accumulate=2)
    torch.testing.assert_close(whole, halves, rtol=0, atol=1e-6)
    assert first.means.means()["loss"] == pytest.approx(second.means.means()["loss"], abs=1e-6)


class Watching:
    """Notes the weight that each micro-batch sees before and after its first update."""

    def __init__(self):
        self.seen = []

    def updates(self, networks, batch, rng):
        weight = networks["net"][0].weight
        before = weight.detach().clone()
        yield Update("net", weight.sum())
        self.seen.append((before, weight.detach().clone()))
        yield Update("net", weight.square().sum())


def test_micro_batches_go_in_lock_step(world):
    method = Watching()
    descent = Optimizer(name="sgd", lr=0.5, beta1=0.0)
    job = regression(engine(accumulate=4), plain=True, method=method, optimizer=descent)
    with Loop.build(job, world, Stop()) as loop:
        loop.advance()
    assert len(method.seen) == 4
    assert all(torch.equal(after, method.seen[0][1]) for _, after in method.seen)
    for before, after in method.seen:
        torch.testing.assert_close(after, before - 0.5)


class Uneven:
    def __init__(self):
        self.calls = 0

    def updates(self, networks, batch, rng):
        self.calls += 1
        for _ in range(self.calls):
            yield Update("net", networks["net"](batch["x"]).mean())


@pytest.mark.parametrize(("method", "complaint"), [
    (Uneven(), "all must ask for the same"),
    (type("Other", (), {"updates": lambda self, networks, batch, rng: iter([Update("nett", torch.zeros(()))])})(),
     "asked for the optimizer 'nett'; the job has: net"),
])
def test_a_method_that_asks_for_nonsense_is_told(world, method, complaint):
    job = regression(engine(accumulate=2), method=method)
    with Loop.build(job, world, Stop()) as loop, pytest.raises(TrainingError, match=complaint):
        loop.advance()


def test_dropout_is_a_function_of_the_step(world):
    job = regression(engine())
    with Loop.build(job, world, Stop()) as loop:
        torch.manual_seed(3)
        loop.advance()
        first = loop.loss
    again = regression(engine())
    with Loop.build(again, world, Stop()) as loop:
        torch.manual_seed(4)
        torch.rand(7)
        loop.advance()
        assert loop.loss == first


def test_networks_without_an_optimizer_stay_as_they_are_and_in_eval_mode(world):
    job = regression(engine())
    judge = nn.Linear(2, 2)
    before = judge.weight.detach().clone()
    job = replace(job, networks=job.networks | {"judge": judge})
    with Loop.build(job, world, Stop()) as loop:
        loop.advance()
        assert not judge.training
        assert job.networks["net"].training
        assert torch.equal(judge.weight, before)
        assert "judge/weight" in loop.snapshot({}).tensors["networks"]


def test_copies_are_averaged_and_apart(world):
    job = regression(engine(ema=0.99))
    with Loop.build(job, world, Stop()) as loop:
        for _ in range(5):
            loop.advance()
        copy = loop.copies()["net"]
        average = loop.live.average.networks["net"]
        assert torch.equal(copy[0].weight, average[0].weight)
        assert not torch.equal(copy[0].weight, job.networks["net"][0].weight)
        copy[0].weight.data.zero_()
        assert average[0].weight.abs().sum() > 0


def test_a_single_process_needs_no_collectives():
    world = World(None)
    assert (world.share("a"), world.rank, world.size) == ("a", 0, 1)
    world.wait_for_main("nothing")
    world.align([torch.zeros(1)])
