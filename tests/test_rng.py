"""Draws are functions of what they belong to, and pass for independent normal numbers."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from genloom.rng import SampleNoise, StepRng, fold, generator

INTEGERS = st.integers(-(2**63), 2**64 - 1)


@given(INTEGERS, st.lists(st.integers(0, 2**40), max_size=4))
def test_fold_gives_a_seed_that_torch_takes(seed: int, parts: list[int]) -> None:
    folded = fold(seed, *parts)
    assert 0 <= folded < 2**63
    assert folded == fold(seed, *parts)


def test_every_part_and_its_place_change_the_seed() -> None:
    seeds = {fold(a, b, c) for a in range(20) for b in range(20) for c in range(20)}
    assert len(seeds) == 8000
    assert len({fold(0), fold(0, 0), fold(0, 0, 0), fold(1), fold(1, 0)}) == 5


def test_fold_flips_half_of_the_bits_when_one_bit_changes() -> None:
    flips = [(fold(7, 1 << bit) ^ fold(7, 0)).bit_count() for bit in range(40)]
    assert sum(flips) / len(flips) == pytest.approx(31.5, abs=2.5)  # σ of the mean of 40 is .63


def test_ranks_draw_the_rows_of_one_process() -> None:
    whole = StepRng(3, 17)
    parts = [StepRng(3, 17, rank=rank, world=4) for rank in range(4)]
    for _ in range(2):
        for name, arguments in (("normal", ((8, 3),)), ("uniform", ((8,),)), ("integers", (10, (8, 2)))):
            shapes = [(*arguments[:-1], (2, *arguments[-1][1:]))] * 4
            together = torch.cat([getattr(part, name)(*shape) for part, shape in zip(parts, shapes, strict=True)])
            assert torch.equal(together, getattr(whole, name)(*arguments))


def test_draws_of_a_step_depend_on_seed_step_and_micro_batch_alone() -> None:
    first = StepRng(0, 5, 1).normal((4, 2))
    assert torch.equal(first, StepRng(0, 5, 1).normal((4, 2)))
    torch.manual_seed(99)
    assert torch.equal(first, StepRng(0, 5, 1).normal((4, 2)))
    for other in (StepRng(1, 5, 1), StepRng(0, 6, 1), StepRng(0, 5, 2)):
        assert not torch.equal(first, other.normal((4, 2)))


def test_drawing_leaves_the_global_random_state_alone() -> None:
    before = torch.get_rng_state()
    StepRng(0, 0).normal((4,))
    SampleNoise(0, 4, (2,))()
    generator(0).seed()
    assert torch.equal(before, torch.get_rng_state())


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("shape", [(), (1,), (2,), (3,), (3, 5, 7)])
def test_a_sample_does_not_depend_on_its_batch(shape: tuple[int, ...], dtype: torch.dtype) -> None:
    """Samples 0–15 are 0–7 and 8–15, bit for bit, at every draw."""
    whole = SampleNoise(5, 16, shape, dtype=dtype)
    low, high = SampleNoise(5, 8, shape, dtype=dtype), SampleNoise(5, 8, shape, first=8, dtype=dtype)
    alone = SampleNoise(5, 1, shape, first=11, dtype=dtype)
    for _ in range(5):
        expected = whole()
        assert expected.shape == (16, *shape)
        assert expected.dtype == dtype
        assert torch.equal(torch.cat([low(), high()]), expected)
        assert torch.equal(alone()[0], expected[11])


def test_blocks_of_steps_do_not_show(monkeypatch: pytest.MonkeyPatch) -> None:
    draws = []
    for pairs in (1, 100, 1 << 20):
        monkeypatch.setattr("genloom.rng._BLOCK_PAIRS", pairs)
        noise = SampleNoise(1, 7, (3,))
        draws.append(torch.stack([noise() for _ in range(20)]))
    assert torch.equal(draws[0], draws[1])
    assert torch.equal(draws[0], draws[2])


def _many(seed: int = 0, count: int = 500, steps: int = 200, size: int = 4) -> torch.Tensor:
    noise = SampleNoise(seed, count, (size,), dtype=torch.float64)
    return torch.stack([noise() for _ in range(steps)])


def test_moments_are_those_of_a_standard_normal() -> None:
    """400 000 numbers; each moment within 4 standard errors."""
    z = _many().flatten()
    n = len(z)
    for power, mean, variance in ((1, 0, 1), (2, 1, 2), (3, 0, 15), (4, 3, 96)):
        assert (z**power).mean().item() == pytest.approx(mean, abs=4 * (variance / n) ** 0.5)
    assert z.abs().max() < 6.8


@pytest.mark.parametrize("seed", [0, 1, 2**40])
def test_the_distribution_is_normal(seed: int) -> None:
    """Kolmogorov–Smirnov on 100 000 numbers: p > 10⁻³ for each of three fixed seeds."""
    z = _many(seed, 250, 100).flatten().numpy()
    assert stats.kstest(z, "norm").pvalue > 1e-3


def test_tails_are_right() -> None:
    """Counts beyond 3 and 4 of 4 million numbers against the binomial, within 4 standard deviations."""
    z = SampleNoise(3, 1000, (4000,))().abs()
    for edge in (3.0, 4.0):
        expected = 2 * stats.norm.sf(edge) * z.numel()
        assert (z > edge).sum().item() == pytest.approx(expected, abs=4 * expected**0.5)


def test_samples_steps_coordinates_and_seeds_are_uncorrelated() -> None:
    """Correlations of 400 000 pairs (and of the squares), each within 4.5/√n of 0."""
    z, other = _many(0), _many(1)
    pairs = {
        "next sample": (z[:, 1:], z[:, :-1]), "next step": (z[1:], z[:-1]), "coordinates": (z[..., 0], z[..., 1]),
        "other coordinates": (z[..., 0], z[..., 2]), "seeds": (z, other), "diagonal": (z[1:, 1:], z[:-1, :-1]),
        "step against sample": (z[:200, :200], z[:200, :200].transpose(0, 1)),
    }
    for name, (a, b) in pairs.items():
        n = a.numel()
        if name == "step against sample":
            off = ~torch.eye(200, dtype=torch.bool)
            a, b, n = a[off], b[off], n // 2
        for power in (1, 2):
            correlation = torch.corrcoef(torch.stack([(a**power).flatten(), (b**power).flatten()]))[0, 1]
            assert abs(correlation.item()) < 4.5 / n**0.5, (name, power)


@settings(max_examples=30, deadline=None)
@given(INTEGERS, st.integers(0, 2**40))
def test_any_seed_and_index_give_finite_numbers(seed: int, first: int) -> None:
    z = SampleNoise(seed, 3, (5,), first=first)()
    assert z.isfinite().all()
    assert len(z.unique()) == 15
