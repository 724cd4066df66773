"""Values and gradients of adversarial losses at points where they are known."""

import math

import pytest
import torch

from genloom.errors import UnknownName
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
def test_logits_of_zero_are_a_tie(name):
    game = losses.adversarial(name)
    assert game.discriminator(torch.zeros(2), torch.zeros(3)).item() == pytest.approx(game.tie)


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


def test_real_and_fake_batches_may_have_other_sizes_and_half_precision_is_raised():
    logits = torch.full((3, 1, 2, 2), 0.3)
    found = losses.cross_entropy(logits.bfloat16(), torch.zeros(5, dtype=torch.bfloat16))
    assert found.dtype == torch.float32


def test_an_unknown_name_gets_a_suggestion():
    with pytest.raises(UnknownName, match="did you mean 'hinge'"):
        losses.adversarial("hing")
