"""The best discriminator of known densities, and what a generator learns from it."""

import math

import pytest
import torch

from genloom.data.density import Boxes, Gaussians
from genloom.data.patterns.grid import grid
from genloom.errors import InputError, UnknownName
from genloom.gan import oracle
from genloom.gan.losses import ADVERSARIAL, adversarial

BOUNDED = [name for name in ADVERSARIAL if name != "wasserstein"]
LINE = torch.linspace(-10, 22, 65)


def normal(mean: float, std: float = 1.0) -> Gaussians:
    return Gaussians(torch.full((1, 1), mean, dtype=torch.float64), torch.full((1, 1, 1), std**2, dtype=torch.float64),
                     torch.ones(1, dtype=torch.float64))


def box(*parts: tuple[float, float, float]) -> Boxes:
    low, high, weight = torch.tensor(parts).double().T
    return Boxes(low[:, None], high[:, None], weight)


def shifted(theta: float) -> oracle.Table:
    return oracle.tabulate(normal(0).log_density, normal(theta).log_density, [LINE])


STEPS = oracle.tabulate(box((-1, 1, 1.0)).log_density, box((0, 1, 0.5), (1, 2, 0.5)).log_density, [[-1, 0, 1, 2]])
"""p = ½ on [−1, 1], q = ½ on [0, 2]: half of each lies where the other is."""


def test_the_logit_of_two_normals_is_a_line() -> None:
    """log N(x; 0, 1) − log N(x; θ, 1) = θ²/2 − θ x."""
    table = shifted(3.0)
    x = table.points[:, 0]
    torch.testing.assert_close(oracle.best_logit(table.log_p, table.log_q), 4.5 - 3 * x)


def test_steps_have_numbers_that_can_be_written_down() -> None:
    """JSD of two densities that share half of their mass is log 2 / 2."""
    logit = oracle.best_logit(STEPS.log_p, STEPS.log_q)
    assert set(logit.tolist()) == {math.inf, 0.0, -math.inf}
    assert oracle.jensen_shannon(STEPS) == pytest.approx(math.log(2) / 2, abs=1e-14)
    assert oracle.best_value(STEPS) == pytest.approx(-math.log(2), abs=1e-14)
    assert oracle.value(logit, STEPS) == pytest.approx(-math.log(2), abs=1e-14)
    assert oracle.total_variation(STEPS) == pytest.approx(0.5, abs=1e-14)
    assert oracle.kullback_leibler(STEPS) == math.inf
    assert oracle.earth_mover(box((-1, 1, 1.0)), box((0, 1, 0.5), (1, 2, 0.5)), STEPS) == pytest.approx(1, abs=1e-14)


@pytest.mark.parametrize("theta", [0.0, 0.5, 2.0, 6.0])
def test_the_best_value_is_that_of_the_best_logit(theta: float) -> None:
    """V(G, D*) = 2 JSD − log 4, both sides by their own definition."""
    table = shifted(theta)
    logit = oracle.best_logit(table.log_p, table.log_q)
    assert oracle.value(logit, table) == pytest.approx(oracle.best_value(table), abs=1e-13)
    assert -math.log(4) - 1e-13 <= oracle.best_value(table) <= 0


def test_divergences_of_normals() -> None:
    table = shifted(2.0)
    assert oracle.kullback_leibler(table) == pytest.approx(2.0, abs=1e-12)
    assert oracle.total_variation(table) == pytest.approx(math.erf(1 / math.sqrt(2)), abs=2e-3)
    assert oracle.earth_mover(normal(0), normal(2), table) == pytest.approx(2.0, abs=1e-12)
    assert oracle.jensen_shannon(shifted(0.0)) == pytest.approx(0, abs=1e-14)
    assert oracle.jensen_shannon(shifted(12.0)) == pytest.approx(math.log(2), abs=1e-7)


def test_in_more_dimensions_there_is_no_earth_mover() -> None:
    density = grid(1, 0).density
    edges = torch.linspace(-0.9, 0.9, 73)
    table = oracle.tabulate(density.log_density, density.log_density, [edges, edges], nodes=8)
    assert oracle.best_value(table) == pytest.approx(-math.log(4), abs=1e-13)
    with pytest.raises(InputError, match="one: in more"):
        oracle.earth_mover(density, density, table)


def test_the_value_is_the_negative_of_the_loss_that_is_trained() -> None:
    table = shifted(1.0)
    logits = torch.sin(3 * table.points[:, 0])
    loss = oracle.discriminator_loss(adversarial("non-saturating"), logits, table)
    assert oracle.value(logits, table) == pytest.approx(-loss.item(), abs=1e-14)


def test_the_shortfall_is_the_difference_of_the_values() -> None:
    table = shifted(1.0)
    best = oracle.best_logit(table.log_p, table.log_q)
    assert oracle.shortfall(best, table) == pytest.approx(0, abs=1e-15)
    for wrong in (0.5, 1e-6):
        logits = best + wrong * torch.cos(table.points[:, 0])
        missing = oracle.shortfall(logits, table)
        assert missing > 0
        assert missing == pytest.approx(oracle.best_value(table) - oracle.value(logits, table), abs=1e-13)


@pytest.mark.parametrize("game", BOUNDED)
def test_no_output_has_a_smaller_loss_than_the_best(game: str) -> None:
    """The losses are convex in the outputs, so that a gradient of 0 is a minimum; the hinge is bent there."""
    narrow = oracle.tabulate(normal(0).log_density, normal(1.5).log_density, [torch.linspace(-8, 9, 18)], nodes=8)
    best = oracle.best_output(game, narrow.log_p, narrow.log_q).requires_grad_()
    least = oracle.discriminator_loss(adversarial(game), best, narrow)
    if game != "hinge":
        (gradient,) = torch.autograd.grad(least, best)
        assert gradient.abs().max() < 1e-14
    random = torch.Generator().manual_seed(0)
    for size in (1e-3, 0.1, 1.0):
        other = best.detach() + size * torch.randn(best.shape, generator=random, dtype=torch.float64)
        assert oracle.discriminator_loss(adversarial(game), other, narrow) > least


def test_the_least_losses_are_divergences() -> None:
    """log 4 − 2 JSD; ½ ∫ p q/(p + q); 2 − 2 TV."""
    table = shifted(1.5)
    p, q = table.shares

    def least(game: str) -> float:
        return float(oracle.discriminator_loss(adversarial(game), oracle.best_output(game, *table[2:]), table))

    assert least("minimax") == pytest.approx(-oracle.best_value(table), abs=1e-13)
    together = (p / (p + q).clamp(min=1e-300) * q).sum()
    assert least("least-squares") == pytest.approx(float(together) / 2, abs=1e-13)
    assert least("hinge") == pytest.approx(2 - 2 * oracle.total_variation(table), abs=1e-13)


@pytest.mark.parametrize("name", ["non-saturating", "minimax", "least-squares", "hinge", "relativistic"])
def test_of_equal_densities_the_least_loss_is_the_tie(name: str) -> None:
    table = oracle.tabulate(normal(0).log_density, normal(0).log_density, [torch.linspace(-9, 9, 18)], nodes=8)
    best = oracle.best_output(name, table.log_p, table.log_q)
    assert float(oracle.discriminator_loss(adversarial(name), best, table)) == pytest.approx(adversarial(name).tie)


def test_a_relative_game_knows_its_output_but_for_a_constant() -> None:
    table = oracle.tabulate(normal(0).log_density, normal(1).log_density, [torch.linspace(-8, 9, 18)], nodes=8)
    game, best = adversarial("relativistic"), oracle.best_output("relativistic", table.log_p, table.log_q)
    loss = oracle.discriminator_loss(game, best, table)
    assert loss < game.tie
    torch.testing.assert_close(oracle.discriminator_loss(game, best + 5, table), loss)
    with pytest.raises(InputError, match="reals"):
        oracle.generator_loss(game, best, table)


@pytest.mark.parametrize("theta", [0.3, 1.0, 3.0, 6.0])
def test_what_the_generator_is_pushed_by_at_the_best_discriminator(theta: float) -> None:
    """Minimax: the slope of 2 JSD. Non-saturating: that of KL(q, p) − 2 JSD, and KL(q, p) = θ²/2."""
    table, towards = shifted(theta), torch.tensor([-1.0]).double()
    saturating, other = (oracle.push(adversarial(game), lambda x: theta**2 / 2 - theta * x[:, 0], table, towards)
                         for game in ("minimax", "non-saturating"))
    h = 1e-4
    slope = (oracle.jensen_shannon(shifted(theta + h)) - oracle.jensen_shannon(shifted(theta - h))) / (2 * h)
    assert saturating == pytest.approx(2 * slope, rel=1e-6)
    assert other == pytest.approx(theta - saturating, rel=1e-9)


def test_a_critic_of_slope_one_pushes_by_one_however_far() -> None:
    for theta in (0.5, 5.0):
        game = adversarial("wasserstein")
        assert oracle.push(game, lambda x: -x[:, 0], shifted(theta), torch.tensor([-1.0])) == pytest.approx(1)


def test_the_relative_game_pushes_as_hard_as_the_logit_is_steep() -> None:
    """E θ σ(l(x) − l(y)) over pairs of a real x and a fake y: θ where the discriminator is sure."""
    theta = 6.0
    table = oracle.tabulate(normal(0).log_density, normal(theta).log_density, [torch.linspace(-8, 14, 45)], nodes=8)
    found = oracle.push(adversarial("relativistic"), lambda x: theta**2 / 2 - theta * x[:, 0], table,
                        torch.tensor([-1.0]).double())
    assert found == pytest.approx(theta, rel=1e-3)


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(InputError, match="p sums to"):
        oracle.tabulate(normal(0).log_density, normal(0).log_density, [[0.0, 1.0]])
    table = shifted(1.0)
    with pytest.raises(InputError, match="wasserstein"):
        oracle.best_output("wasserstein", table.log_p, table.log_q)
    with pytest.raises(UnknownName, match="did you mean 'minimax'"):
        oracle.best_output("minmax", table.log_p, table.log_q)
