"""Values and gradients of adversarial losses at points where they are known."""

import math

import pytest
import torch
from scipy.stats import wasserstein_distance

from genloom.errors import InputError, UnknownName
from genloom.gan import losses

LOGITS = torch.tensor([-20.0, -1.0, 0.0, 2.0, 20.0], dtype=torch.float64)


def _slope(loss, at):
    logit = torch.tensor(at, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(loss(logit), logit)
    return slope.item()


def test_cross_entropy_is_that_of_the_sigmoid():
    d, other = torch.sigmoid(LOGITS[1:4]), torch.sigmoid(LOGITS[2:4])
    expected = -d.log().mean() - (1 - other).log().mean()
    assert losses.cross_entropy(LOGITS[1:4], LOGITS[2:4]).item() == pytest.approx(expected.item(), rel=1e-12)


@pytest.mark.parametrize("logit", LOGITS.tolist())
def test_gradients_at_small_and_large_logits(logit):
    """log(sigmoid + 1e-8) would have gradient −.17 at a logit of −20 where it must be −1."""
    d = 1 / (1 + math.exp(-logit))
    assert _slope(losses.non_saturating, logit) == pytest.approx(-1 / (1 + math.exp(logit)), rel=1e-12)
    assert _slope(losses.minimax, logit) == pytest.approx(-d, rel=1e-12)
    assert _slope(losses.square, logit) == pytest.approx(logit - 1, rel=1e-12)
    assert _slope(losses.linear, logit) == -1
    assert _slope(lambda at: losses.cross_entropy(at, at), logit) == pytest.approx(2 * d - 1, abs=1e-12)
    assert _slope(lambda at: losses.squares(at, at), logit) == pytest.approx(2 * logit - 1, rel=1e-12)


def test_the_minimax_gradient_vanishes_where_the_discriminator_is_sure_and_the_other_does_not():
    assert _slope(losses.non_saturating, -20.0) == pytest.approx(-1, abs=1e-8)
    assert abs(_slope(losses.minimax, -20.0)) < 1e-8


@pytest.mark.parametrize(("real", "fake", "value", "slopes"), [
    (2.0, -3.0, 0.0, (0, 0)), (0.5, -0.5, 1.0, (-1, 1)), (-1.0, 1.0, 4.0, (-1, 1))])
def test_the_hinge_stops_at_the_margin(real, fake, value, slopes):
    logits = torch.tensor([real, fake], dtype=torch.float64, requires_grad=True)
    loss = losses.margins(logits[:1], logits[1:])
    assert loss.item() == value
    loss.backward()
    assert tuple(logits.grad.tolist()) == slopes


@pytest.mark.parametrize("name", losses.ADVERSARIAL)
def test_a_tie_is_the_least_loss_of_one_output_for_all(name):
    """For least squares it is at ½ and no more than ¼, half of what an output of 0 has."""
    game = losses.adversarial(name)
    found = [game.discriminator(output.expand(3), output.expand(3)).item() for output in torch.linspace(-2, 2, 17)]
    assert min(found) == pytest.approx(game.tie)
    assert game.discriminator(torch.zeros(3), torch.zeros(3)).item() == pytest.approx(
        2 * game.tie if name == "least-squares" else game.tie)


@pytest.mark.parametrize("name", losses.ADVERSARIAL)
def test_the_discriminator_raises_real_logits_and_lowers_fakes_and_the_generator_raises_its_own(name):
    game = losses.adversarial(name)
    real, fake = (torch.zeros(4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    of_real, of_fake = torch.autograd.grad(game.discriminator(real, fake), (real, fake), materialize_grads=True)
    assert (of_real < 0).all()
    assert (of_fake >= 0).all()
    loss = game.generator(fake, real.detach()) if game.relative else game.generator(fake)
    assert (torch.autograd.grad(loss, fake)[0] < 0).all()


@pytest.mark.parametrize(("p", "q"), [((0.7, 0.3), (0.2, 0.8)), ((0.0, 1.0), (1.0, 0.0)), ((0.4, 0.6), (0.4, 0.6))])
def test_the_least_loss_of_critics_of_slope_1_is_minus_the_wasserstein_distance(p, q):
    """Two laws on the points 0 and 1, where a critic is its rise from one to the other, −1 to 1."""
    real, fake = (torch.tensor([0.0, 1.0]).repeat_interleave(torch.tensor([round(10 * share) for share in law]))
                  for law in (p, q))
    least = min(losses.critic(rise * real, rise * fake).item() for rise in (-1.0, -0.5, 0.0, 0.5, 1.0))
    assert least == pytest.approx(-wasserstein_distance([0, 1], [0, 1], p, q), abs=1e-6)


def test_the_critics_loss_is_a_gap_that_no_offset_changes():
    real, fake = torch.tensor([1.0, 3.0]), torch.tensor([-1.0, 0.0, 4.0])
    assert losses.critic(real, fake).item() == -1
    assert losses.critic(real + 50, fake + 50).item() == -1
    assert _slope(lambda at: losses.critic(at, at.detach()), 7.0) == -1
    assert _slope(lambda at: losses.critic(at.detach(), at), 7.0) == 1


@pytest.mark.parametrize("ahead", [-20.0, -1.0, 0.0, 2.0, 20.0])
def test_pairs_are_judged_by_how_far_the_real_one_is_ahead(ahead):
    real, fake = (torch.tensor([at], dtype=torch.float64) for at in (0.7 + ahead, 0.7))
    assert losses.pairs(real, fake).item() == pytest.approx(math.log1p(math.exp(-ahead)), rel=1e-9)
    assert losses.pairs_reversed(fake, real).item() == pytest.approx(math.log1p(math.exp(ahead)), rel=1e-9)
    wrong, beaten = 1 / (1 + math.exp(ahead)), 1 / (1 + math.exp(-ahead))
    assert _slope(lambda at: losses.pairs(at, fake.sum()), real.item()) == pytest.approx(-wrong, rel=1e-6)
    assert _slope(lambda at: losses.pairs_reversed(at, real.sum()), fake.item()) == pytest.approx(-beaten, rel=1e-6)


def test_pairs_know_no_offset_and_are_means_over_pairs_not_of_a_mean():
    real, fake = torch.tensor([3.0, -1.0]), torch.tensor([0.0, 2.0])
    expected = (math.log1p(math.exp(-3)) + math.log1p(math.exp(3))) / 2
    assert losses.pairs(real, fake).item() == pytest.approx(expected, rel=1e-6)
    assert losses.pairs(real + 9, fake + 9).item() == pytest.approx(expected, rel=1e-6)
    assert losses.pairs(real.bfloat16(), fake.bfloat16()).dtype == torch.float32


def test_pairs_need_a_real_one_for_each_fake():
    with pytest.raises(InputError, match=r"real, fake = \(\(3,\), \(2,\)\): must be logits of equal shapes"):
        losses.pairs(torch.zeros(3), torch.zeros(2))


def test_the_best_discriminator_gives_log_4_less_twice_the_jensen_shannon_divergence():
    """Two distributions on three outcomes, whose D* = p/(p + q) has the logit log p/q."""
    p, q = (torch.tensor(row, dtype=torch.float64) for row in ([0.5, 0.3, 0.2], [0.1, 0.3, 0.6]))
    logits = (p / q).log()
    value = (p * torch.nn.functional.softplus(-logits) + q * torch.nn.functional.softplus(logits)).sum()
    rows = torch.tensor([5, 3, 2]), torch.tensor([1, 3, 6])
    drawn = [logits.repeat_interleave(counts) for counts in rows]
    middle = (p + q) / 2
    divergence = ((p * (p / middle).log()).sum() + (q * (q / middle).log()).sum()) / 2
    assert losses.cross_entropy(*drawn).item() == pytest.approx(value.item(), rel=1e-12)
    assert value.item() == pytest.approx(math.log(4) - 2 * divergence.item(), rel=1e-12)


@pytest.mark.parametrize("name", [name for name, game in losses.ADVERSARIAL.items() if not game.relative])
def test_real_and_fake_batches_may_have_other_sizes_and_half_precision_is_raised(name):
    game = losses.adversarial(name)
    real, fake = torch.full((3, 1, 2, 2), 0.3).bfloat16(), torch.zeros(5, dtype=torch.bfloat16)
    assert game.discriminator(real, fake).dtype == torch.float32
    assert game.generator(fake).dtype == torch.float32
    torch.testing.assert_close(game.discriminator(real, fake), game.discriminator(real.float(), fake.float()))


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'hinge'"):
        losses.adversarial("hing")
