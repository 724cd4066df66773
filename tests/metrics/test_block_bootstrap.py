import math

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.block_bootstrap import block_interval, difference_interval
from genloom.metrics.interval import Interval, bootstrap_interval
from genloom.rng import generator


def autoregression(rows: int, correlation: float, seed: int) -> torch.Tensor:
    """x_t = ρ x_{t−1} + ε_t of variance 1, as Σ ρ^k ε_{t−k} over the 200 terms that count."""
    noise = torch.randn(1, 1, rows + 199, generator=generator(seed), dtype=torch.float64)
    weights = correlation ** torch.arange(199, -1, -1, dtype=torch.float64)
    return torch.nn.functional.conv1d(noise, weights[None, None])[0, 0] * math.sqrt(1 - correlation**2)


def covered(rows: int, correlation: float, block: int, kind: str, repeats: int = 200) -> float:
    found = [block_interval(autoregression(rows, correlation, seed), block, kind=kind, draws=300, seed=seed)  # type: ignore[arg-type]
             for seed in range(repeats)]
    return sum(interval.low <= 0 <= interval.high for interval in found) / repeats


@pytest.mark.parametrize("kind", ["circular", "moving"])
@pytest.mark.parametrize(("rows", "block"), [(2000, 100), (2000, 400), (400, 130)])
def test_a_mean_of_an_autoregression_is_covered(kind: str, rows: int, block: int) -> None:
    """At ρ = .9, 95 % is the aim; the standard error of 200 repeats is 1.5 points, a short block costs a few."""
    assert covered(rows, 0.9, block, kind) >= 0.88


def test_the_bootstrap_of_single_values_is_far_too_sure() -> None:
    assert covered(2000, 0.9, 1, "circular", repeats=50) < 0.65


def test_for_independent_values_it_is_the_ordinary_bootstrap() -> None:
    values = torch.randn(1000, generator=generator(0), dtype=torch.float64).exp()
    mine, known = block_interval(values, 1, draws=4000), bootstrap_interval(values, draws=4000)
    assert mine.value == pytest.approx(known.value)
    assert mine.high - mine.low == pytest.approx(known.high - known.low, rel=0.06)


def test_the_spread_is_that_of_the_closed_form() -> None:
    """A mean of n values of an autoregression has variance (1 + ρ) / (1 − ρ) / n."""
    widths = [interval.high - interval.low for interval in
              (block_interval(autoregression(5000, 0.8, seed), 200, draws=400, seed=seed) for seed in range(40))]
    known = 2 * 1.96 * math.sqrt((1 + 0.8) / (1 - 0.8) / 5000)
    assert sum(widths) / len(widths) == pytest.approx(known, rel=0.12)


def test_a_paired_difference_is_surer_than_its_parts() -> None:
    common = autoregression(2000, 0.9, 0)
    first = common + 0.02 * torch.randn(2000, generator=generator(1), dtype=torch.float64)
    difference = difference_interval(first - 0.1, common, 100)
    assert difference.low < -0.1 < difference.high < 0
    assert difference.high - difference.low < 0.2 * (block_interval(first, 100).high - block_interval(first, 100).low)
    assert difference.n == 2000


def test_equal_values_have_no_spread_and_the_mean_is_exact() -> None:
    assert block_interval(torch.full((100,), 3.0), 10) == Interval(3.0, 3.0, 3.0, 100)
    values = autoregression(333, 0.5, 3)
    for kind in ("circular", "moving"):
        assert block_interval(values, 20, kind=kind).value == float(values.mean())  # type: ignore[arg-type]


def test_a_shift_and_a_factor_go_through() -> None:
    values = autoregression(500, 0.7, 4)
    plain, moved = block_interval(values, 30), block_interval(10 * values + 7, 30)
    assert tuple(moved[:3]) == pytest.approx(tuple(10 * end + 7 for end in plain[:3]))


def test_it_is_a_function_of_its_seed() -> None:
    values = autoregression(500, 0.7, 5)
    first, again, other = (block_interval(values, 30, seed=seed) for seed in (1, 1, 2))
    assert first == again != other


def test_fewer_than_two_blocks_say_nothing() -> None:
    assert block_interval(torch.arange(10.0), 6) == Interval(4.5, -math.inf, math.inf, 10)
    assert block_interval(torch.arange(10.0), 5).high < math.inf
    assert block_interval(torch.ones(1), 720).high == math.inf


@pytest.mark.parametrize(("asked", "told"), [
    ({"values": [1.0, math.nan]}, "finite"), ({"values": []}, "n ≥ 1"), ({"values": torch.ones(2, 2)}, "shape"),
    ({"block": 0}, "at least 1"), ({"draws": 99}, "at least 100"), ({"level": 1.0}, "between 0 and 1"),
])
def test_what_cannot_be_drawn_is_refused(asked: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        block_interval(**{"values": torch.arange(9.0), "block": 2, **asked})  # type: ignore[arg-type]


def test_pairs_must_be_pairs() -> None:
    with pytest.raises(InputError, match="one length"):
        difference_interval([1.0, 2.0], [1.0], 1)
