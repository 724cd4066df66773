"""Penalties where they are known in closed form, and what a critic's slope must not depend on."""

import pytest
import torch
from torch import nn

from genloom.errors import InputError
from genloom.gan.penalties import Penalty, clip_weights, flat, slopes, unit_slope
from genloom.rng import StepRng

DRAWS = torch.Generator().manual_seed(0)
REAL, FAKE = torch.randn(64, 3, 4, 4, generator=DRAWS), torch.randn(64, 3, 4, 4, generator=DRAWS) + 1


def linear(norm):
    """A critic w · x + 0.3 with ‖w‖ = norm, and its w."""
    w = torch.randn(48, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    w = (w * norm / w.norm()).float().requires_grad_()
    return (lambda x: x.flatten(1) @ w + 0.3), w


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(48, 16), nn.LeakyReLU(), nn.Linear(16, 1))


@pytest.mark.parametrize("norm", [0.25, 1.0, 3.0])
def test_of_a_linear_critic_both_penalties_and_their_gradients_are_known(norm):
    critic, w = linear(norm)
    unit, zero = unit_slope(critic, REAL, FAKE, StepRng(0, 0)), flat(critic, REAL)
    assert unit.item() == pytest.approx((norm - 1) ** 2, abs=1e-5)
    assert zero.item() == pytest.approx(norm**2 / 2, rel=1e-5)
    torch.testing.assert_close(torch.autograd.grad(unit, w)[0], 2 * (norm - 1) * w / norm, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(torch.autograd.grad(zero, w)[0], w, rtol=1e-5, atol=1e-6)


def test_each_sample_has_a_norm_of_its_own():
    """One norm over a batch of 64 slopes of 1 would be 8, and its penalty 49, where the right one is 0."""
    critic, w = linear(1.0)
    whole = w.expand(64, 48).norm()
    assert (whole - 1).square().item() == pytest.approx(49, rel=1e-4)
    assert unit_slope(critic, REAL, FAKE, StepRng(0, 0)).item() == pytest.approx(0, abs=1e-9)


def test_of_a_quadratic_critic_the_slope_is_the_sample():
    def critic(x):
        return x.square().flatten(1).sum(1) / 2

    squares = REAL.square().flatten(1).sum(1)
    torch.testing.assert_close(slopes(critic, REAL), squares)
    assert flat(critic, REAL).item() == pytest.approx(squares.mean().item() / 2, rel=1e-5)


def test_a_slope_does_not_depend_on_the_rest_of_the_batch():
    critic = network()
    alone = torch.cat([slopes(critic, x[None]) for x in REAL[:5]])
    torch.testing.assert_close(slopes(critic, torch.cat((REAL[:5], 100 * FAKE)))[:5], alone)


def test_a_slope_is_autograds_in_float64_and_each_weight_learns_of_it():
    critic = network().double()
    x = REAL.double()
    expected = torch.stack([torch.autograd.functional.jacobian(lambda at: critic(at[None]).sum(), row).norm()
                            for row in x[:4]])
    torch.testing.assert_close(slopes(critic.float(), REAL)[:4].sqrt().double(), expected, rtol=1e-5, atol=1e-6)
    loss = unit_slope(critic, REAL, FAKE, StepRng(0, 0))
    for name, parameter in critic.named_parameters():
        if name.endswith("weight"):
            assert torch.autograd.grad(loss, parameter, retain_graph=True)[0].abs().sum() > 0


def test_every_pair_is_mixed_in_a_share_of_its_own_and_neither_gets_a_gradient():
    seen = []

    def critic(x):
        seen.append(x.detach())
        return x.square().flatten(1).sum(1)

    real, fake = REAL.clone().requires_grad_(), FAKE.clone().requires_grad_()
    loss = unit_slope(critic, real, fake, StepRng(0, 0))
    shares = ((seen[0] - FAKE) / (REAL - FAKE)).flatten(1)
    middle = shares.median(1).values
    torch.testing.assert_close(seen[0], middle[:, None, None, None] * (REAL - FAKE) + FAKE, rtol=1e-4, atol=1e-4)
    assert 0 <= middle.min() < 0.1
    assert 0.9 < middle.max() <= 1
    assert middle.unique().numel() == 64
    loss.backward()
    assert real.grad is None
    assert fake.grad is None


def test_penalties_are_in_float32_under_bfloat16():
    critic = network()
    kinds = []
    critic[1].register_forward_hook(lambda module, given, out: kinds.append(out.dtype))
    whole = [unit_slope(critic, REAL, FAKE, StepRng(0, 0)), flat(critic, REAL)]
    with torch.autocast("cpu", torch.bfloat16):
        half = [unit_slope(critic, REAL.bfloat16().float(), FAKE, StepRng(0, 0)), flat(critic, REAL)]
    assert set(kinds) == {torch.float32}
    assert half[1].item() == whole[1].item()
    assert half[0].dtype == torch.float32
    assert flat(critic, REAL.bfloat16()).item() == flat(critic, REAL.bfloat16().float()).item()


def test_penalties_can_be_taken_where_gradients_are_off():
    critic, _ = linear(2.0)
    with torch.no_grad():
        assert flat(critic, REAL).item() == pytest.approx(2, rel=1e-5)


def test_a_dead_critic_has_a_finite_gradient():
    """The root of a slope of 0 has an infinite derivative."""
    critic = nn.Sequential(nn.Flatten(), nn.Linear(48, 8), nn.ReLU(), nn.Linear(8, 1))
    with torch.no_grad():
        critic[1].bias.fill_(-1e3)
    loss = unit_slope(critic, REAL, FAKE, StepRng(0, 0))
    assert loss.item() == pytest.approx(1, abs=1e-5)
    loss.backward()
    assert all(p.grad is None or (p.grad == 0).all() for p in critic.parameters())


@pytest.mark.parametrize(("kind", "expected"), [
    ("none", 0.0), ("unit-slope", 3 * 4.0), ("r1", 3 * 4.5), ("r2", 3 * 4.5), ("r1+r2", 3 * 9.0)])
def test_kinds_have_their_weights(kind, expected):
    critic, _ = linear(3.0)
    assert Penalty(kind=kind, weight=3.0)(critic, REAL, FAKE, StepRng(0, 0)).item() == pytest.approx(expected, rel=1e-4)


def test_r1_is_on_real_ones_and_r2_on_fakes():
    def critic(x):
        return x.square().flatten(1).sum(1) / 2

    at_real, at_fake = flat(critic, REAL).item(), flat(critic, FAKE).item()
    found = {kind: Penalty(kind=kind, weight=1.0)(critic, REAL, FAKE, StepRng(0, 0)).item()
             for kind in ("r1", "r2", "r1+r2")}
    assert found == pytest.approx({"r1": at_real, "r2": at_fake, "r1+r2": at_real + at_fake}, rel=1e-6)


@pytest.mark.parametrize("every", [1, 4, 16])
def test_a_lazy_penalty_has_the_mean_of_an_eager_one(every):
    critic, _ = linear(3.0)
    penalty = Penalty(kind="r1", weight=2.0, every=every)
    taken = [penalty(critic, REAL, FAKE, StepRng(0, step)).item() if penalty.due(step) else 0.0 for step in range(32)]
    assert sum(taken) / 32 == pytest.approx(2 * 4.5, rel=1e-5)
    assert sum(value > 0 for value in taken) == 32 // every


def test_no_weight_is_never_due():
    assert not Penalty(kind="r1", weight=0.0).due(0)
    assert not Penalty().due(0)


def test_drift_is_the_mean_square_of_the_logits_in_float32():
    penalty = Penalty(drift=0.25)
    logits = torch.tensor([[1.0, -3.0], [0.0, 2.0]], requires_grad=True)
    assert penalty.drifting(logits).item() == 0.25 * 3.5
    assert penalty.drifting(logits.bfloat16()).dtype == torch.float32
    (gradient,) = torch.autograd.grad(penalty.drifting(logits), logits)
    torch.testing.assert_close(gradient, 0.25 * logits.detach() / 2)
    assert not penalty.due(0), "it is no penalty of a slope"


def test_clipping_bounds_every_weight_and_leaves_small_ones():
    critic = network()
    before = [p.detach().clone() for p in critic.parameters()]
    clip_weights(critic, 0.1)
    for old, new in zip(before, critic.parameters(), strict=True):
        assert torch.equal(new, old.clamp(-0.1, 0.1))
    assert any((old.abs() > 0.1).any() for old in before)


@pytest.mark.parametrize(("change", "complaint"), [
    ({"weight": -1.0}, "penalty.weight = -1.0"), ({"weight": float("nan")}, "penalty.weight = nan"),
    ({"every": 0}, "penalty.every = 0"), ({"drift": -1.0}, "penalty.drift = -1.0"),
    ({"drift": float("inf")}, "penalty.drift = inf")])
def test_what_cannot_be_is_refused(change, complaint):
    with pytest.raises(InputError, match=complaint):
        Penalty(kind="r1", **change)
