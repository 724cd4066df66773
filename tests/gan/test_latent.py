"""The laws of noise and codes, and what reading a code is worth."""

import math

import pytest
import torch
from scipy import stats

from genloom.errors import InputError
from genloom.gan.latent import Latent
from genloom.rng import SampleNoise

FULL = Latent(size=5, law="normal", categories=4, values=2)
NORMAL = torch.randn(4000, FULL.drawn, generator=torch.Generator().manual_seed(0))


def test_sizes_add_up():
    assert (FULL.width, FULL.drawn, FULL.read) == (11, 8, 6)
    assert FULL.of(NORMAL).shape == (4000, 11)
    plain = Latent(size=7)
    assert (plain.width, plain.drawn, plain.read) == (7, 7, 0)


def test_normal_noise_is_what_was_drawn_and_uniform_noise_is_its_share():
    assert torch.equal(Latent(size=8, law="normal").of(NORMAL), NORMAL)
    uniform = Latent(size=8).of(NORMAL)
    torch.testing.assert_close(uniform, torch.from_numpy(2 * stats.norm.cdf(NORMAL.double().numpy()) - 1).float())
    assert uniform.abs().max() <= 1
    assert stats.kstest(uniform.flatten().double().numpy(), "uniform", (-1, 2)).pvalue > 1e-3  # n = 32,000


def test_categories_are_equally_likely_and_independent_of_the_noise():
    code = FULL.code(FULL.of(NORMAL))
    counts = torch.bincount(code.category, minlength=4)
    assert stats.chisquare(counts.numpy()).pvalue > 1e-3  # n = 4000
    means = torch.stack([NORMAL[code.category == k, :5].mean(0) for k in range(4)])
    assert means.abs().max() < 4.5 / math.sqrt(4000 / 4)


def test_codes_can_be_found_in_z():
    z = FULL.of(NORMAL)
    code = FULL.code(z)
    assert torch.equal(z[:, :5], NORMAL[:, :5])
    assert torch.equal(z[:, 5:9], torch.nn.functional.one_hot(code.category, 4).float())
    assert torch.equal(z[:, 9:], code.values)
    assert code.values.abs().max() <= 1
    assert Latent(size=3).code(z[:, :3]) == (None, None)


def test_the_largest_numbers_that_can_be_drawn_stay_inside():
    z = FULL.of(torch.full((2, FULL.drawn), 40.0) * torch.tensor([[1.0], [-1.0]]))
    assert FULL.code(z).category.tolist() == [3, 0]
    assert FULL.code(z).values.tolist() == [[1, 1], [-1, -1]]


def test_a_sample_has_its_own_z_whatever_its_batch():
    whole = FULL.of(SampleNoise(3, 8, (FULL.drawn,))())
    assert torch.equal(whole[5:], FULL.of(SampleNoise(3, 3, (FULL.drawn,), first=5)()))


def test_surprise_at_known_points():
    z = FULL.of(NORMAL)
    values = FULL.code(z).values
    blind = FULL.surprise(torch.zeros(4000, 6), z)
    assert blind.item() == pytest.approx(math.log(4) + values.square().sum(1).mean().item() / 2, rel=1e-5)
    assert values.square().mean().item() == pytest.approx(1 / 3, abs=0.02)
    sure = FULL.surprise(torch.cat((40 * z[:, 5:9], values), 1), z)
    assert sure.item() == pytest.approx(0, abs=1e-6)
    wrong = FULL.surprise(torch.cat((-40 * z[:, 5:9], values), 1), z)
    assert wrong.item() == pytest.approx(40 + math.log(3), rel=1e-5)


def test_entropy_less_surprise_is_at_most_the_mutual_information_and_is_it_at_the_posterior():
    """A category of two, seen through a channel that is wrong one time in ten."""
    latent = Latent(size=1, law="normal", categories=2)
    code = torch.tensor([0, 1]).repeat_interleave(10)
    seen = code.clone()
    seen[[0, 10]] = 1 - seen[[0, 10]]
    z = torch.cat((torch.zeros(20, 1), torch.nn.functional.one_hot(code, 2).float()), 1)
    posterior = torch.where(torch.nn.functional.one_hot(seen, 2) == 1, 0.9, 0.1).log()
    information = math.log(2) + 0.9 * math.log(0.9) + 0.1 * math.log(0.1)
    assert math.log(2) - latent.surprise(posterior, z).item() == pytest.approx(information, abs=1e-6)
    for strength in (0.5, 0.9, 1.1, 2.0):
        assert math.log(2) - latent.surprise(strength * posterior, z).item() < information - 1e-5


def test_reading_has_a_gradient_in_full_precision():
    told = torch.zeros(4000, 6, dtype=torch.bfloat16, requires_grad=True)
    loss = FULL.surprise(told, FULL.of(NORMAL))
    assert loss.dtype == torch.float32
    assert (torch.autograd.grad(loss, told)[0].abs().sum(0) > 0).all()


@pytest.mark.parametrize(("change", "complaint"), [
    ({"size": 0}, "latent.size = 0: must be at least 1"), ({"categories": -1}, "latent.categories = -1"),
    ({"categories": 1}, "latent.categories = 1: must be 0, or at least 2"), ({"values": -2}, "latent.values = -2")])
def test_sizes_that_cannot_be_are_refused(change, complaint):
    with pytest.raises(InputError, match=complaint):
        Latent(**change)
