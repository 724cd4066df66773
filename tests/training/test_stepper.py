import pytest
import torch
from torch import nn

from genloom.training import optimizers
from genloom.training.distributed import World
from genloom.training.options import Engine, Optimizer
from genloom.training.stepper import Stepper


def stepper(network, alone=True, option=None, **engine):
    option = option or Optimizer(name="sgd", lr=1.0, beta1=0.0)
    world = World(None)
    return Stepper(network, optimizers.build(option, network), option, Engine(steps=10, **engine), world, alone)


def test_a_step_is_gradient_descent_and_the_norm_is_the_gradients():
    network = nn.Linear(3, 2).double()
    x = torch.randn(5, 3, dtype=torch.float64)
    gradient = torch.autograd.grad(network(x).square().sum(), list(network.parameters()))
    expected = [p.detach() - g for p, g in zip(network.parameters(), gradient, strict=True)]
    step = stepper(network)
    step.clear()
    step.backward(network(x).square().sum())
    norm, values = step.gather([1.5])
    assert values == [1.5]
    assert norm == pytest.approx(torch.cat([g.flatten() for g in gradient]).norm().item(), rel=1e-12)
    step.move(0, norm)
    for parameter, value in zip(network.parameters(), expected, strict=True):
        torch.testing.assert_close(parameter.detach(), value, rtol=1e-12, atol=1e-12)


def test_clipping_makes_the_norm_the_bound():
    network = nn.Linear(3, 1, bias=False).double()
    before = network.weight.detach().clone()
    step = stepper(network, clip=0.25)
    step.backward(100 * network.weight.sum())
    norm, _ = step.gather([])
    step.move(0, norm)
    assert norm == pytest.approx(100 * 3**0.5)
    assert (network.weight.detach() - before).norm().item() == pytest.approx(0.25, rel=1e-12)


def test_a_gradient_below_the_bound_is_left_alone():
    network = nn.Linear(1, 1, bias=False).double()
    before = network.weight.item()
    step = stepper(network, clip=10.0)
    step.backward(0.5 * network.weight.sum())
    step.move(0, step.gather([])[0])
    assert network.weight.item() == pytest.approx(before - 0.5, rel=1e-12)


def test_other_networks_get_no_gradient_unless_there_are_none():
    critic, generator = nn.Linear(2, 1), nn.Linear(2, 2)
    step = stepper(generator, alone=False)
    step.backward(critic(generator(torch.randn(4, 2))).sum())
    assert critic.weight.grad is None
    assert generator.weight.grad is not None


def test_micro_batches_are_averaged():
    network = nn.Linear(1, 1, bias=False).double()
    step = stepper(network, accumulate=4)
    for slope in (1.0, 2.0, 3.0, 4.0):
        step.backward(slope * network.weight.sum())
    assert step.gather([])[0] == pytest.approx(2.5)


def test_a_loss_that_reaches_no_weight_has_norm_zero():
    step = stepper(nn.Linear(1, 1))
    assert step.gather([1.0]) == (0.0, [1.0])


def test_the_rate_follows_the_schedule():
    network = nn.Linear(1, 1, bias=False).double()
    step = stepper(network, option=Optimizer(name="sgd", lr=1.0, beta1=0.0, schedule="linear", warmup=2))
    moves = []
    for i in range(10):
        before = network.weight.item()
        step.clear()
        step.backward(network.weight.sum())
        step.move(i, step.gather([])[0])
        moves.append(before - network.weight.item())
    assert moves == pytest.approx([0.5, 1.0, *(1 - i / 7 for i in range(8))], abs=1e-12)
