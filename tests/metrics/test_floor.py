import math

import pytest
import torch

from genloom.errors import InputError
from genloom.metrics.energy import energy_distance
from genloom.metrics.floor import disjoint_floor, fresh_floor
from genloom.rng import generator


def draw(count: int, seed: int) -> torch.Tensor:
    return torch.randn(count, 2, generator=generator(seed), dtype=torch.float64)


def gap(x: torch.Tensor, y: torch.Tensor) -> float:
    return float((x.mean(dim=0) - y.mean(dim=0))[0])


def test_the_interval_holds_one_more_value_as_often_as_it_says() -> None:
    held = 0
    for seed in range(400):
        floor = fresh_floor(gap, draw, 10, pairs=8, seed=seed)
        held += floor.low <= gap(draw(10, 10**6 + seed), draw(10, 2 * 10**6 + seed)) <= floor.high
    assert abs(held / 400 - 0.95) < 4 * math.sqrt(0.95 * 0.05 / 400)


def test_the_floor_of_the_unbiased_energy_distance_is_zero() -> None:
    floor = fresh_floor(energy_distance, draw, 100, pairs=40)
    error = torch.tensor(floor.values).std() / math.sqrt(40)
    assert abs(floor.mean) < 4 * error
    assert floor.low < 0 < floor.high
    assert floor.n == 100


def test_fresh_pairs_are_never_the_same_data() -> None:
    seeds: list[int] = []
    fresh_floor(gap, lambda count, seed: (seeds.append(seed), draw(count, seed))[1], 5, pairs=10)
    assert len(set(seeds)) == 20


def test_disjoint_parts_use_every_point_at_most_once() -> None:
    data, used = torch.arange(100).double()[:, None], []

    def watch(x: torch.Tensor, y: torch.Tensor) -> float:
        used.extend([*x.flatten().tolist(), *y.flatten().tolist()])
        return 0.0

    floor = disjoint_floor(watch, data, 12)
    assert len(floor.values) == 4
    assert len(used) == len(set(used)) == 96


def test_the_rank_of_a_value_among_the_floor_is_its_p_value() -> None:
    floor = fresh_floor(gap, draw, 10, pairs=19)
    assert floor.p_value(math.inf) == 1 / 20
    assert floor.p_value(-math.inf) == 1
    p = [floor.p_value(gap(draw(10, 5000 + s), draw(10, 9000 + s))) for s in range(400)]
    assert abs(sum(p) / 400 - 0.5) < 0.2  # one floor is shared by all, so only roughly 1/2


def test_impossible_input_is_refused() -> None:
    data = draw(100, 0)
    with pytest.raises(InputError, match="count"):
        fresh_floor(gap, draw, 1)
    with pytest.raises(InputError, match="pairs"):
        fresh_floor(gap, draw, 10, pairs=1)
    with pytest.raises(InputError, match="pairs"):
        disjoint_floor(gap, data, 50)
    with pytest.raises(InputError, match="count"):
        disjoint_floor(gap, data, 0)
    with pytest.raises(InputError, match=r"count = 30: must be at most 25"):
        disjoint_floor(gap, data, 30, pairs=2)
    with pytest.raises(InputError, match="finite"):
        fresh_floor(lambda x, y: math.nan, draw, 10)
